//! `perfagg holder`: makes the key that a record belongs to, and shows its public half. Nobody is called.

use super::held::{complain, place};
use crate::{
    arguments::{Options, holder::Holder},
    complaint::Complaint,
    output::Output,
    settings,
    table::{Align, Table},
};
use perfagg::{HolderKey, holder_file};
use serde_json::json;
use std::path::Path;

/// Makes or shows a key.
pub(super) fn run(options: &Options, asked: &Holder) -> Result<(), Complaint> {
    let output = Output { json: options.json };
    let session_file = options.session_file.clone().or_else(settings::session_file);
    match asked {
        Holder::New { out } => {
            let path = place(session_file.as_deref(), out.as_deref())?;
            let key = HolderKey::generate();
            holder_file::create(&path, &key).map_err(|error| complain(error, &path))?;
            let advice = "\nThe file holds the private key: keep a copy where you keep what you must not lose. Without it\nthe \
                          record can be neither continued nor erased, and whoever has it can do both.\n\nNext: perfagg \
                          register --holder default, or --holder FILE.\n";
            say(output, "A new holder's key", &key, &path, advice)
        }
        Holder::Show { file } => {
            let path = place(session_file.as_deref(), file.as_deref())?;
            let key = holder_file::read(&path).map_err(|error| complain(error, &path))?;
            say(output, "The holder's key", &key, &path, "")
        }
    }
}

fn say(output: Output, title: &str, key: &HolderKey, path: &Path, advice: &str) -> Result<(), Complaint> {
    let (public, fingerprint, kept) = (key.public_text(), key.fingerprint(), path.display().to_string());
    if output.json {
        let shown = json!({ "public_key": public, "fingerprint": fingerprint, "file": kept });
        return output.result(&shown.to_string());
    }
    let mut table = Table::new(&[Align::Left, Align::Left]);
    table.row(&["public key", &public]).row(&["fingerprint", &fingerprint]).row(&["kept in", &kept]);
    output.result(&format!("{title}\n\n{}{advice}", table.render()))
}
