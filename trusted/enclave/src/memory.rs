//! Memory that leaves no trace: no core dump, no debugger of another user, and no swap where the system allows it. Inside an SGX
//! enclave none of this matters; elsewhere the host owns the machine, and this keeps secrets from its disks.
//!
//! Secrets themselves are wiped where they end (`protocol::Secret`, `zeroize`).

use rustix::{
    mm::{MlockAllFlags, mlockall},
    process::{DumpableBehavior, Resource, Rlimit, getrlimit, set_dumpable_behavior, setrlimit},
};

/// Asks the system for it. What it does not give is said, and is no reason not to start.
pub(crate) fn leave_no_trace() {
    let none = Rlimit { current: Some(0), maximum: Some(0) };
    let no_core = setrlimit(Resource::Core, none).is_ok();
    let no_dump = set_dumpable_behavior(DumpableBehavior::NotDumpable).is_ok();
    if !(no_core && no_dump) {
        tracing::warn!(
            code = "core-dumps-possible",
            "the system does not let this program forbid core dumps"
        );
    }
    // With a limit, memory that is asked for later would be refused in the middle of work.
    let unlimited = getrlimit(Resource::Memlock).current.is_none();
    let flags = MlockAllFlags::CURRENT | MlockAllFlags::FUTURE | MlockAllFlags::ONFAULT;
    if !(unlimited && mlockall(flags).is_ok()) {
        tracing::info!(
            code = "swap-possible",
            "memory may be swapped out: the limit of locked memory (memlock) is not unlimited, or there is no such call here"
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_core_is_dumped() {
        leave_no_trace();
        assert_eq!(getrlimit(Resource::Core), Rlimit { current: Some(0), maximum: Some(0) });
        assert_eq!(rustix::process::dumpable_behavior().ok(), Some(DumpableBehavior::NotDumpable));
    }
}
