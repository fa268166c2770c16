//! `captures/`: requests as clients sent them. Nothing but the bytes.

use std::path::Path;

use super::Vector;
use crate::forms::Form;

pub(super) fn load(folder: &Path) -> Vec<Vector> {
    let folder = folder.join("captures");
    let files = super::files(&folder, ".bin").into_iter();
    files
        .map(|file| Vector::new(format!("captures/{file}"), Form::Packet, super::read(&folder.join(&file))))
        .collect()
}
