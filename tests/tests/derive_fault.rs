//! What `#[derive(Fault)]` tells callers, and what it keeps for the log.

#![allow(clippy::unwrap_used, clippy::items_after_statements, reason = "these are tests")]

use std::fmt;
use std::sync::{Arc, Mutex};

use amf_remoting::Fault;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

#[derive(Debug, Fault)]
enum GameError {
    #[fault(code = "Game.RoomFull", message = "room {0} is full")]
    RoomFull(String),
    #[fault(code = "Game.PlayerNotFound")]
    PlayerNotFound,
    #[fault(
        code = "Game.Score",
        message = "{name:>6}|{score:08.3}|{score:width$.1}|{{}}",
        detail = "{type:?} {width:#x}"
    )]
    Score { name: &'static str, score: f64, width: usize, r#type: Option<u8> },
    #[fault(internal)]
    Storage(Secret),
    #[fault(internal)]
    Lost { path: &'static str, source: Option<Secret> },
    #[fault(internal)]
    Poisoned,
}

#[derive(Debug)]
struct Secret(#[expect(dead_code, reason = "shown by Debug")] &'static str);

fn fault_parts(error: impl Into<Fault>) -> (String, String, Option<String>) {
    let fault = error.into();
    (fault.code().to_owned(), fault.message().to_owned(), fault.detail().map(ToOwned::to_owned))
}

#[test]
fn texts_show_the_fields() {
    let expected = ("Game.RoomFull".to_owned(), "room 7 is full".to_owned(), None);
    assert_eq!(fault_parts(GameError::RoomFull("7".to_owned())), expected);
    let score = GameError::Score { name: "Ann", score: 1.5, width: 5, r#type: Some(3) };
    let (_, message, detail) = fault_parts(score);
    assert_eq!((message.as_str(), detail.as_deref()), ("   Ann|0001.500|  1.5|{}", Some("Some(3) 0x5")));
}

#[test]
fn the_default_message_is_the_name_of_the_variant() {
    let expected = ("Game.PlayerNotFound".to_owned(), "player not found".to_owned(), None);
    assert_eq!(fault_parts(GameError::PlayerNotFound), expected);
}

#[test]
fn structs_and_types_with_parameters() {
    #[derive(Fault)]
    #[fault(code = "Refused", message = "{by} refused {what:?}")]
    struct Refused<'a, T, U> {
        by: &'a T,
        what: U,
    }
    assert_eq!(fault_parts(Refused { by: &3, what: Some("it") }).1, "3 refused Some(\"it\")");

    #[derive(Fault)]
    #[fault(code = "Gone", message = "{{gone}}")]
    struct Gone;
    assert_eq!(fault_parts(Gone).1, "{gone}");
}

#[test]
fn internal_errors_are_logged_and_not_sent() {
    let log = Log::default();
    tracing::subscriber::with_default(log.clone(), || {
        for error in [
            GameError::Storage(Secret("disk 3")),
            GameError::Lost { path: "/srv", source: Some(Secret("disk 4")) },
            GameError::Poisoned,
        ] {
            let expected = ("Server.Processing".to_owned(), "internal error".to_owned(), None);
            assert_eq!(fault_parts(error), expected);
        }
    });
    let lines = log.0.lock().unwrap();
    let expected = [
        r#"GameError::Storage: Secret("disk 3")"#,
        r#"GameError::Lost: path: "/srv", source: Some(Secret("disk 4"))"#,
        "GameError::Poisoned",
    ];
    assert_eq!(lines.len(), expected.len());
    for (line, expected) in lines.iter().zip(expected) {
        assert!(line.ends_with(expected), "{line}");
    }
}

/// Keeps the messages of events.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<String>>>);

impl Subscriber for Log {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        event.record(&mut self.clone());
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

impl Visit for Log {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == "message" {
            self.0.lock().unwrap().push(format!("{value:?}"));
        }
    }
}
