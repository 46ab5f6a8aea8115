//! Ports are looked at before anything starts, so that a busy one costs nobody a build.

use anyhow::bail;
use std::{
    io,
    net::{Ipv4Addr, TcpListener},
};

/// An error that names each port that cannot be had, with the option that changes it. Port 0 is any free one.
pub(crate) fn check_free(wanted: &[(&str, u16)]) -> anyhow::Result<()> {
    // All are held at once, so that one port for two programs is noticed too.
    let mut held: Vec<(u16, TcpListener)> = Vec::new();
    let mut complaints = Vec::new();
    for (option, port) in wanted.iter().filter(|(_, port)| *port != 0) {
        let twice = held.iter().any(|(taken, _)| taken == port);
        match TcpListener::bind((Ipv4Addr::LOCALHOST, *port)) {
            Ok(listener) => held.push((*port, listener)),
            Err(_) if twice => {
                complaints.push(format!("port {port} is wanted twice: choose another with {option}"))
            }
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
                complaints
                    .push(format!("port {port} is busy: choose another with {option} (0 is any free one)"));
            }
            Err(error) => complaints.push(format!("port {port}: {error}: choose another with {option}")),
        }
    }
    if complaints.is_empty() { Ok(()) } else { bail!(complaints.join("\n       ")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_busy_port_is_named_with_the_option_that_changes_it() {
        let busy = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = busy.local_addr().unwrap().port();
        let error = check_free(&[("--enclave-port", port), ("--main-port", 0)]).unwrap_err().to_string();
        assert_eq!(
            error,
            format!("port {port} is busy: choose another with --enclave-port (0 is any free one)")
        );
        drop(busy);
        check_free(&[("--enclave-port", port), ("--main-port", 0), ("--metrics-port", 0)]).unwrap();
        let error = check_free(&[("--enclave-port", port), ("--main-port", port)]).unwrap_err().to_string();
        assert_eq!(error, format!("port {port} is wanted twice: choose another with --main-port"));
    }
}
