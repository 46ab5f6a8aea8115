"""The services that the script registers with: the simulated exchange, the enclave, the main service, on free ports."""

import json
import os
import subprocess
import urllib.error
import urllib.request

READY_S_MAX = 60


class Stack:
    def __init__(self, programs, directory):
        self.programs, self.directory, self.running = programs, directory, []
        simulator = self.start("simulator", ["--port", "0", "--seed", "1"], {})
        self.simulator, self.key, self.secret = simulator["url"], simulator["key"], simulator["secret"]
        kept_elsewhere = ("ENCLAVE_PRIVATE_KEY", "ENCLAVE_PUBLIC_KEY", "ENCLAVE_DATA_DIR", "DATABASE_URL")
        enclave = self.start("enclave", ["--dangerous-venue-url", self.simulator], {
            "ENCLAVE_HOST": "127.0.0.1", "ENCLAVE_PORT": "0", "ENCLAVE_METRICS_ADDR": "127.0.0.1:0"}, kept_elsewhere)
        self.enclave = enclave["listening"]
        main = self.start("main", [], {"HOST": "127.0.0.1", "PORT": "0", "BACKEND_URL": self.enclave,
                                       "MAIN_METRICS_ADDR": "127.0.0.1:0"})
        self.main = main["listening"]

    def start(self, name, arguments, variables, without=()):
        """Starts one and gives its first line, which says that it is ready and where."""
        environment = {k: v for k, v in os.environ.items() if k not in without} | variables
        with open(os.path.join(self.directory, name + ".log"), "wb") as log:
            program = os.path.join(self.programs, "perf-aggregator-" + name + (".exe" if os.name == "nt" else ""))
            child = subprocess.Popen([program, *arguments], env=environment, stdin=subprocess.DEVNULL,
                                     stdout=subprocess.PIPE, stderr=log)
        self.running.append(child)
        ready = child.stdout.readline()
        if not ready:
            with open(log.name, encoding="utf-8") as said:
                raise RuntimeError(f"{name} did not start: {said.read()[-2000:]}")
        return json.loads(ready)

    def stop(self):
        for child in reversed(self.running):
            child.terminate()
            child.wait(READY_S_MAX)

    def rights(self, rights):
        post(self.simulator + "/simulator/rights", {"rights": rights})

    def next_minute(self):
        """The exchange allows so many requests a minute; its time is its own."""
        post(self.simulator + "/simulator/clock", {"advance_ms": 61_000})


def post(url, body):
    request = urllib.request.Request(url, json.dumps(body).encode(), {"content-type": "application/json"})
    with urllib.request.urlopen(request, timeout=READY_S_MAX) as answer:
        return answer.status


def get(url):
    """Status and JSON of a plain GET, as Invoke-RestMethod sends it."""
    try:
        with urllib.request.urlopen(url, timeout=READY_S_MAX) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as refused:
        return refused.code, None


def delete(url):
    with urllib.request.urlopen(urllib.request.Request(url, method="DELETE"), timeout=READY_S_MAX) as answer:
        return answer.status
