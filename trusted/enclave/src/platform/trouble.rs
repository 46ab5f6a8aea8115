//! Why a platform cannot be used, or gives no evidence. The texts are our own, and say what to do.

use core::fmt;
use std::io;

/// A closed list; `code` is what logs and alarms name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// Gramine is there, and does not attest with DCAP.
    NotDcap,
    /// The kernel's provider is none that this release knows.
    Provider,
    /// The interface refused an operation.
    Refused(Operation, io::ErrorKind),
    /// Something else is changed with every attempt.
    Moving,
    /// The platform gave nothing, too much, or what is not of its form.
    Form,
    /// The evidence vouches for other bytes than those that were asked.
    ReportData,
    /// The host gave no certificates for SEV-SNP.
    NoCertificates,
    /// The certificates for SEV-SNP are not of their form, or not all there.
    Certificates,
}

/// The operation that an interface refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operation {
    ReadAttestationType,
    WriteUserReportData,
    ReadQuote,
    ReadSealKey,
    MakeEntry,
    ReadProvider,
    WritePrivlevel,
    WriteInblob,
    ReadGeneration,
    ReadOutblob,
    ReadAuxblob,
}

impl Operation {
    const fn name(self) -> &'static str {
        match self {
            Self::ReadAttestationType => "reading attestation_type",
            Self::WriteUserReportData => "writing user_report_data",
            Self::ReadQuote => "reading quote",
            Self::ReadSealKey => "reading keys/_sgx_mrenclave",
            Self::MakeEntry => "making an entry",
            Self::ReadProvider => "reading provider",
            Self::WritePrivlevel => "writing privlevel",
            Self::WriteInblob => "writing inblob",
            Self::ReadGeneration => "reading generation",
            Self::ReadOutblob => "reading outblob",
            Self::ReadAuxblob => "reading auxblob",
        }
    }
}

impl Trouble {
    /// Its name in logs.
    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::NotDcap => "attestation-type",
            Self::Provider => "provider",
            Self::Refused(..) => "refused",
            Self::Moving => "moving",
            Self::Form => "form",
            Self::ReportData => "report-data",
            Self::NoCertificates => "no-certificates",
            Self::Certificates => "certificates",
        }
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotDcap => {
                "Gramine is there and its attestation type is not dcap: run this program with gramine-sgx, from a \
                 manifest with sgx.remote_attestation = \"dcap\" (deploy/gramine)"
            }
            Self::Provider => {
                "the kernel's provider of evidence is neither tdx_guest nor sev_guest: this release knows no other"
            }
            Self::Refused(operation, kind) => {
                return write!(f, "{} was refused ({kind})", operation.name());
            }
            Self::Moving => "another program changes the entry while evidence is made: nothing else may use it",
            Self::Form => "what the platform gives as evidence is empty, too long or not of its form",
            Self::ReportData => "the evidence vouches for other bytes than those that were asked",
            Self::NoCertificates => {
                "the host gives no certificates with the report: import the whole chain (ARK, ASK and VCEK, or ARK, \
                 ASVK and VLEK, in DER) on the host with `snphost import`, and restart the guest; clients never \
                 fetch them"
            }
            Self::Certificates => {
                "the host's certificate table is not of its form, or has not all of ARK, ASK and one of VCEK and VLEK \
                 in DER: import the whole chain on the host with `snphost import`, and restart the guest"
            }
        })
    }
}

impl std::error::Error for Trouble {}
