//! The tests of what is not Rust: the JavaScript client, the web pages, the PowerShell script. Each is installed and
//! built where it stands, and its own tests run against the programs that were built.

use super::tap;
use crate::{
    children::Stop,
    installed,
    report::{Checked, Report},
    workspace,
};
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

const CLIENT: &str = "secure-client";
const PAGES: &str = "pages";
const POWERSHELL: &str = "powershell";
/// Not one of ours, but it runs an example of the client.
const EXAMPLES: &str = "simulator/examples";
/// All that need the verifier or something that is built here.
pub(super) const SUITES: [&str; 4] = [CLIENT, PAGES, POWERSHELL, EXAMPLES];

/// What they are given.
pub(super) struct Given<'a> {
    /// What every test gets.
    pub(super) variables: Vec<(String, String)>,
    pub(super) filter: &'a [String],
    pub(super) stop: &'a Stop,
}

impl Given<'_> {
    /// Builds the client if somebody needs it: its own tests, the pages that are made with it, an example. Whether it is there.
    pub(super) fn build_client(&self, report: &mut Report) -> anyhow::Result<bool> {
        let needed = [CLIENT, PAGES, EXAMPLES].iter().any(|suite| self.wants(suite));
        Ok(needed && self.builds(CLIENT, &folder(CLIENT), report)?)
    }

    /// Runs those that are wanted.
    pub(super) fn run(&self, has_client: bool, report: &mut Report) -> anyhow::Result<()> {
        if has_client && self.wants(CLIENT) {
            let mut tests = self.node(&folder(CLIENT))?;
            tests.envs(self.runtimes(report)?);
            self.tests(CLIENT, tests, report)?;
        }
        if has_client && self.wants(PAGES) && self.builds(PAGES, &folder(PAGES), report)? {
            let mut tests = self.node(&folder(PAGES))?;
            if let Some(browser) = self.have("a browser for the pages", installed::chromium, report)? {
                tests.env("PERFAGG_CHROMIUM", browser);
            }
            self.tests(PAGES, tests, report)?;
        }
        if self.wants(POWERSHELL) { self.powershell(report) } else { Ok(()) }
    }

    fn wants(&self, suite: &str) -> bool {
        wanted(suite, self.filter)
    }

    /// Installs what a package needs, and builds it.
    fn builds(&self, suite: &str, package: &Path, report: &mut Report) -> anyhow::Result<bool> {
        let what = format!("{suite} builds");
        if let Err(missing) = installed::npm(package, self.stop)? {
            report.check(&what, Ok(Checked::Skipped(missing)));
            return Ok(false);
        }
        let mut build = Command::new("node");
        self.prepared(&mut build).arg("build.mjs").current_dir(package);
        let built = workspace::output(&mut build).map(|_| Checked::good());
        let good = built.is_ok();
        report.check(&what, built);
        self.stop.check()?;
        Ok(good)
    }

    /// Node, with every file of tests under a package's `test`.
    fn node(&self, package: &Path) -> anyhow::Result<Command> {
        let mut files = workspace::files(&package.join("test"), &["mjs"])?;
        files.retain(|file| file.to_string_lossy().ends_with(".test.mjs"));
        let mut node = Command::new("node");
        // One file after the other: each starts programs, and there may be two cores.
        node.args(["--test", "--test-reporter=tap", "--test-concurrency=1"]).args(&files);
        node.current_dir(package);
        Ok(node)
    }

    /// Other programs that run JavaScript, by the variables that name them. The tests say which are not there.
    fn runtimes(&self, report: &mut Report) -> anyhow::Result<Vec<(&'static str, PathBuf)>> {
        let install = |stop: &Stop| installed::npm_of("clients/typescript/test/runtimes", "runtimes", stop);
        let Some(folder) = self.have("Deno and Bun", install, report)? else { return Ok(Vec::new()) };
        // A package a platform: the one of this machine is there.
        let found = |packages: &str, program: &str| -> Option<PathBuf> {
            let packages = fs::read_dir(folder.join("node_modules").join(packages)).ok()?;
            packages.flatten().map(|package| package.path().join(program)).find(|program| program.is_file())
        };
        let runtimes = [("PERFAGG_DENO", found("@deno", "deno")), ("PERFAGG_BUN", found("@oven", "bin/bun"))];
        Ok(runtimes.into_iter().filter_map(|(variable, program)| Some((variable, program?))).collect())
    }

    fn powershell(&self, report: &mut Report) -> anyhow::Result<()> {
        let folder = workspace::root().join("clients/powershell/tests");
        let venv = workspace::target()?.join("powershell");
        let requirements = folder.join("requirements.txt");
        let install = |stop: &Stop| installed::python(&venv, &requirements, stop);
        let Some(python) = self.have("two grammars of PowerShell", install, report)? else { return Ok(()) };
        let mut tests = Command::new(python);
        tests.arg("run.py").current_dir(&folder);
        self.tests(POWERSHELL, tests, report)
    }

    /// Something that tests need, or a line that says why it is not there.
    fn have<T>(
        &self,
        what: &str,
        install: impl FnOnce(&Stop) -> installed::There<T>,
        report: &mut Report,
    ) -> anyhow::Result<Option<T>> {
        let there = install(self.stop)?;
        if let Err(missing) = &there {
            report.check(what, Ok(Checked::Skipped(missing.clone())));
        }
        Ok(there.ok())
    }

    fn tests(&self, suite: &str, mut tests: Command, report: &mut Report) -> anyhow::Result<()> {
        tap::run(suite, self.prepared(&mut tests), self.filter, self.stop, report)
    }

    fn prepared<'c>(&self, command: &'c mut Command) -> &'c mut Command {
        command.envs(self.variables.iter().map(|(name, value)| (name, value)))
    }
}

fn folder(suite: &str) -> PathBuf {
    workspace::root().join(if suite == PAGES { "clients/web" } else { "clients/typescript" })
}

/// Whether something of a suite was asked for: `pages`, or `pages: a part of a name`.
pub(super) fn wanted(suite: &str, filter: &[String]) -> bool {
    filter.is_empty() || filter.iter().any(|part| suite.contains(part.as_str()) || part.starts_with(suite))
}
