//! Requests and conversations that others recorded, from the folder that `AMF_VECTORS` names, posted to a gateway: what
//! it answers, against what the servers of the recordings answered, or against what the client wanted.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "everything here is a test, where a panic is the failure"
)]

mod flex;
mod plain;
mod ruffle;
mod services;

use std::path::{Path, PathBuf};
use std::{env, fs};

use amf_remoting::Gateway;
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use tower::ServiceExt;

/// The folder with the recordings; the test is over where there is none.
macro_rules! folder_or_leave {
    () => {
        match crate::folder() {
            Some(folder) => folder,
            None => return eprintln!("LEFT OUT: AMF_VECTORS is not set."),
        }
    };
}
use folder_or_leave;

fn folder() -> Option<PathBuf> {
    env::var_os("AMF_VECTORS").filter(|folder| !folder.is_empty()).map(PathBuf::from)
}

fn read(folder: &Path, name: &str) -> Vec<u8> {
    let path = folder.join(name);
    fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

async fn post(gateway: &Gateway, packet: Vec<u8>) -> Vec<u8> {
    let request = http::Request::post("/gateway").header("content-type", "application/x-amf");
    let response =
        gateway.clone().oneshot(request.body(Full::new(Bytes::from(packet))).unwrap()).await.unwrap();
    assert_eq!(response.status(), 200);
    response.into_body().collect().await.unwrap().to_bytes().to_vec()
}
