//! The four certificates of a development platform and their revocation lists, in the shape of Intel's: root, PCK CA,
//! PCK with its extension, TCB signer.

use super::keys::Key;
use super::{CERTIFICATES, Dates, Forged, Knobs, Revoked};
use crate::backend::BackendError;
use rcgen::{
    BasicConstraints, Certificate, CertificateParams, CertificateRevocationListParams, CrlDistributionPoint,
    CustomExtension, DistinguishedName, DnType, IsCa, Issuer, KeyIdMethod, KeyUsagePurpose,
    RevokedCertParams, SerialNumber, date_time_ymd,
};
use std::time::Duration;

/// 1.2.840.113741.1.13.1
const SGX_EXTENSION: [u64; 7] = [1, 2, 840, 113_741, 1, 13, 1];
const SGX_EXTENSION_DER: [u8; 9] = [0x2a, 0x86, 0x48, 0x86, 0xf8, 0x4d, 0x01, 0x0d, 0x01];
const ROOT_SERIAL: u64 = 1;
const PCK_CA_SERIAL: u64 = 2;
const TCB_SIGNER_SERIAL: u64 = 3;
const PCK_SERIAL: u64 = 4;

/// Keys and certificates.
pub(super) struct Pki {
    root_key: Key,
    root_params: CertificateParams,
    root: Certificate,
    pck_ca_key: Key,
    pck_ca_params: CertificateParams,
    pck_ca: Certificate,
    pub(super) pck_key: Key,
    pck: Certificate,
    pub(super) tcb_signer_key: Key,
    tcb_signer: Certificate,
    /// Signs what is forged.
    pub(super) stranger: Key,
}

impl Pki {
    pub(super) fn new(seed: &[u8; 32], knobs: &Knobs) -> Result<Self, BackendError> {
        let [root_key, pck_ca_key, pck_key, tcb_signer_key, stranger] =
            ["root", "pck-ca", "pck", "tcb-signer", "stranger"].map(|purpose| Key::derive(seed, purpose));
        let signs =
            |forged, key: &Key| if knobs.forged == Some(forged) { stranger.clone() } else { key.clone() };

        let root_params = ca("DEV SGX Root CA", ROOT_SERIAL, 1);
        let root = root_params.self_signed(&root_key).map_err(encoding)?;

        let name = if knobs.platform_ca { "DEV SGX PCK Platform CA" } else { "DEV SGX PCK Processor CA" };
        let mut pck_ca_params = ca(name, PCK_CA_SERIAL, 0);
        if !knobs.pck_ca_is_ca {
            pck_ca_params.is_ca = IsCa::ExplicitNoCa;
        }
        let issuer = Issuer::from_params(&root_params, signs(Forged::PckCa, &root_key));
        let pck_ca = pck_ca_params.signed_by(&pck_ca_key, &issuer).map_err(encoding)?;

        let mut pck_params = leaf("DEV SGX PCK Certificate", PCK_SERIAL);
        set_dates(&mut pck_params, knobs.pck_dates.unwrap_or(CERTIFICATES));
        pck_params.custom_extensions =
            vec![CustomExtension::from_oid_content(&SGX_EXTENSION, extension(knobs))];
        let issuer = Issuer::from_params(&pck_ca_params, signs(Forged::Pck, &pck_ca_key));
        let pck = pck_params.signed_by(&pck_key, &issuer).map_err(encoding)?;

        let mut signer_params = leaf("DEV SGX TCB Signing", TCB_SIGNER_SERIAL);
        if knobs.signer_is_ca {
            signer_params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        }
        let issuer = Issuer::from_params(&root_params, signs(Forged::TcbSigner, &root_key));
        let tcb_signer = signer_params.signed_by(&tcb_signer_key, &issuer).map_err(encoding)?;
        Ok(Self {
            root_key,
            root_params,
            root,
            pck_ca_key,
            pck_ca_params,
            pck_ca,
            pck_key,
            pck,
            tcb_signer_key,
            tcb_signer,
            stranger,
        })
    }

    pub(super) fn root_der(&self) -> &[u8] {
        self.root.der()
    }

    pub(super) fn root_pem(&self) -> String {
        self.root.pem()
    }

    /// Leaf, CA, root: the certification data of a quote.
    pub(super) fn pck_chain(&self) -> String {
        [self.pck.pem(), self.pck_ca.pem(), self.root.pem()].concat()
    }

    pub(super) fn pck_crl_chain(&self) -> String {
        [self.pck_ca.pem(), self.root.pem()].concat()
    }

    pub(super) fn tcb_chain(&self) -> String {
        [self.tcb_signer.pem(), self.root.pem()].concat()
    }

    /// Root CRL and PCK CRL.
    pub(super) fn crls(&self, knobs: &Knobs, day: Dates) -> Result<[Vec<u8>; 2], BackendError> {
        let signs = |forged, key: &Key| {
            if knobs.forged == Some(forged) { self.stranger.clone() } else { key.clone() }
        };
        let epoch = date_time_ymd(1970, 1, 1);
        let list = |dates: Dates, serial: Option<u64>, issuer: Issuer<'_, Key>| {
            let revoked = serial.map(|serial| RevokedCertParams {
                serial_number: SerialNumber::from(serial),
                revocation_time: epoch + Duration::from_secs(dates.from),
                reason_code: None,
                invalidity_date: None,
            });
            let params = CertificateRevocationListParams {
                this_update: epoch + Duration::from_secs(dates.from),
                next_update: epoch + Duration::from_secs(dates.until),
                crl_number: SerialNumber::from(1_u64),
                issuing_distribution_point: None,
                revoked_certs: revoked.into_iter().collect(),
                key_identifier_method: KeyIdMethod::Sha256,
            };
            params.signed_by(&issuer).map(|list| list.der().to_vec()).map_err(encoding)
        };
        let of_root = match knobs.revoked {
            Some(Revoked::PckCa) => Some(PCK_CA_SERIAL),
            Some(Revoked::TcbSigner) => Some(TCB_SIGNER_SERIAL),
            _ => None,
        };
        let of_pck_ca = (knobs.revoked == Some(Revoked::Pck)).then_some(PCK_SERIAL);
        let root = Issuer::from_params(&self.root_params, signs(Forged::RootCrl, &self.root_key));
        let pck_ca = Issuer::from_params(&self.pck_ca_params, signs(Forged::PckCrl, &self.pck_ca_key));
        Ok([
            list(knobs.root_crl_dates.unwrap_or(day), of_root, root)?,
            list(knobs.pck_crl_dates.unwrap_or(day), of_pck_ca, pck_ca)?,
        ])
    }
}

fn ca(name: &str, serial: u64, path_length: u8) -> CertificateParams {
    let mut params = named(name, serial);
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(path_length));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params
}

fn leaf(name: &str, serial: u64) -> CertificateParams {
    let mut params = named(name, serial);
    params.is_ca = IsCa::ExplicitNoCa;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature, KeyUsagePurpose::ContentCommitment];
    params
}

fn named(name: &str, serial: u64) -> CertificateParams {
    let mut params = CertificateParams::default();
    let mut subject = DistinguishedName::new();
    subject.push(DnType::CommonName, name);
    subject.push(DnType::OrganizationName, "Perf-Aggregator DEV (not Intel)");
    params.distinguished_name = subject;
    params.serial_number = Some(SerialNumber::from(serial));
    params.use_authority_key_identifier_extension = true;
    params.crl_distribution_points =
        vec![CrlDistributionPoint { uris: vec!["https://pki.invalid/development.crl".to_owned()] }];
    set_dates(&mut params, CERTIFICATES);
    params
}

fn set_dates(params: &mut CertificateParams, dates: Dates) {
    let epoch = date_time_ymd(1970, 1, 1);
    params.not_before = epoch + Duration::from_secs(dates.from);
    params.not_after = epoch + Duration::from_secs(dates.until);
}

fn encoding(_: rcgen::Error) -> BackendError {
    BackendError::Encoding
}

/// Intel's extension of a PCK certificate (SGX PCK Certificate and CRL Profile, section 3.5).
fn extension(knobs: &Knobs) -> Vec<u8> {
    let mut tcb: Vec<Vec<u8>> =
        (1_u8..).zip(knobs.cpu_svn).map(|(i, svn)| entry(&[2, i], &integer(svn))).collect();
    tcb.push(entry(&[2, 17], &integer(knobs.pce_svn)));
    tcb.push(entry(&[2, 18], &tlv(0x04, &knobs.cpu_svn)));
    let mut entries = vec![
        entry(&[1], &tlv(0x04, b"development PPID")),
        entry(&[2], &tlv(0x30, &tcb.concat())),
        entry(&[3], &tlv(0x04, &knobs.pce_id)),
        entry(&[4], &tlv(0x04, &knobs.fmspc)),
        entry(&[5], &tlv(0x0a, &[u8::from(knobs.platform_ca)])),
    ];
    if knobs.platform_ca {
        let flags = [knobs.dynamic_platform, knobs.cached_keys, knobs.smt];
        let flags: Vec<_> = (1_u8..)
            .zip(flags)
            .map(|(i, flag)| entry(&[7, i], &tlv(0x01, &[if flag { 0xff } else { 0 }])))
            .collect();
        entries.push(entry(&[6], &tlv(0x04, b"dev instance id.")));
        entries.push(entry(&[7], &tlv(0x30, &flags.concat())));
    }
    tlv(0x30, &entries.concat())
}

/// SEQUENCE { the extension's OID and `arc`, value }
fn entry(arc: &[u8], value: &[u8]) -> Vec<u8> {
    tlv(0x30, &[tlv(0x06, &[&SGX_EXTENSION_DER, arc].concat()), value.to_vec()].concat())
}

fn integer(value: u8) -> Vec<u8> {
    if value < 0x80 { tlv(0x02, &[value]) } else { tlv(0x02, &[0, value]) }
}

fn tlv(tag: u8, value: &[u8]) -> Vec<u8> {
    let length = u16::try_from(value.len()).unwrap_or(u16::MAX).to_be_bytes();
    let header = match length {
        [0, short @ 0..=0x7f] => vec![tag, short],
        [0, long] => vec![tag, 0x81, long],
        [high, low] => vec![tag, 0x82, high, low],
    };
    [&header, value].concat()
}
