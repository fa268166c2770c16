//! Replies of other servers, from the folder that `AMF_VECTORS` names: the client finds their faults and headers.

#![allow(clippy::unwrap_used, clippy::panic, reason = "these are tests")]

use std::path::{Path, PathBuf};
use std::{env, fs};

use amf_remoting::client::{Replies, ReplyKind};
use amf_remoting::{CallError, Fault};

/// The first fault of a reply, and the response URI of its call.
fn fault(folder: &Path, file: &str) -> (String, Fault) {
    let bytes = fs::read(folder.join(file)).unwrap();
    let replies = Replies::from_bytes(bytes).unwrap_or_else(|error| panic!("{file}: {error}"));
    let uri = replies.messages().find_map(|message| match message.kind() {
        ReplyKind::OnStatus(uri) => Some(uri.to_owned()),
        _ => None,
    });
    let uri = uri.unwrap_or_else(|| panic!("{file} has no fault"));
    match replies.result::<()>(&uri) {
        Err(CallError::Fault(fault)) => (uri, fault),
        other => panic!("{file}: {other:?}"),
    }
}

#[test]
#[ignore = "needs AMF_VECTORS: tests/run.sh"]
fn faults_and_headers_of_other_servers() {
    let Some(folder) = env::var_os("AMF_VECTORS").filter(|folder| !folder.is_empty()).map(PathBuf::from)
    else {
        return;
    };
    let rocketamf = Fault::new("Exception", "Error message").with_detail("Backtrace 1\nBacktrace 2");
    assert_eq!(fault(&folder, "rocketamf/request/amf0-error-response.bin"), ("1".to_owned(), rocketamf));

    for kind in ["small", "poll", "long"] {
        let (uri, found) =
            fault(&folder, &format!("blazeds-messaging/{kind}_6b_subscribe_selector.resp.bin"));
        assert_eq!((uri.as_str(), found.code()), ("/7", "Server.Processing"));
        assert_eq!(found.message(), "The selector expression is not valid: pri > 3");
    }

    // Ruffle's own tests answer with bare values: -123, and true before another call's true.
    let ruffle = "ruffle/avm2/netconnection_send_remote/localhost";
    let (uri, found) = fault(&folder, &format!("{ruffle}/test2"));
    assert_eq!((uri.as_str(), found), ("/1", Fault::new("NetConnection.Call.Failed", "-123")));
    let replies = Replies::from_bytes(fs::read(folder.join(ruffle).join("test3")).unwrap()).unwrap();
    assert!(replies.result::<bool>("/2").unwrap());
    assert!(matches!(replies.result::<bool>("/1"), Err(CallError::Fault(_))));
    let header = replies.headers().next().unwrap();
    assert_eq!(header.name(), "Response Header");
    assert_eq!(header.value::<String>().unwrap(), "Spookily ignored by flash!");
}
