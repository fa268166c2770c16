//! Who is told what of each request, and when.

use bytes::Bytes;

use super::*;
use crate::proto::message::code;
use crate::proto::{Limits, SentMessage, SharedObjectEvent, SharedObjectMessage};
use crate::shared_object::state::encoded::EncodedMessage;
use crate::shared_object::state::limits::LimitError;
use crate::shared_object::state::updates::status;

const AMF0: Version = Version::Amf0;

fn key(number: u8) -> Arc<str> {
    format!("k{number}").into()
}

/// AMF0: a number.
fn number(number: u8) -> Arc<EncodedValue> {
    let bytes = [&[0][..], &f64::from(number).to_be_bytes()].concat();
    Arc::new(EncodedValue::new(AMF0, bytes.into()))
}

fn null() -> Arc<EncodedValue> {
    Arc::new(EncodedValue::new(AMF0, Bytes::from_static(&[5])))
}

fn set(slot: u8, value: u8) -> Request {
    Request::Set { key: key(slot), value: number(value) }
}

fn state(is_persistent: bool) -> SharedObjectState {
    let mut state =
        SharedObjectState::new("board".into(), is_persistent, SharedObjectLimits::default(), None);
    if is_persistent {
        state.create_as_server();
        state.load_finished(Some(Slots::default()));
    }
    state
}

/// What was sent: to whom, and the events.
fn sent(state: &mut SharedObjectState) -> Vec<(Vec<SubscriberId>, u32, Vec<SharedObjectEvent>)> {
    std::iter::from_fn(|| state.poll_effect())
        .filter_map(|effect| match effect {
            Effect::Send { to, message } => {
                let message = SharedObjectMessage::parse(&message, &Limits::server()).unwrap().unwrap();
                Some((to, message.version, message.events))
            }
            _ => None,
        })
        .collect()
}

fn change(slot: u8, value: u8, version: Version) -> SharedObjectEvent {
    SharedObjectEvent::Change { key: key(slot), value: number(value).bytes_in(version) }
}

#[test]
fn the_writer_receives_success_and_the_others_the_change() {
    let mut state = state(false);
    state.queue_client_requests(1, AMF0, vec![Request::Use], 0);
    state.queue_client_requests(2, Version::Amf3, vec![Request::Use], 0);
    let joined = vec![SharedObjectEvent::UseSuccess, SharedObjectEvent::Clear];
    assert_eq!(sent(&mut state), [(vec![1], 1, joined.clone()), (vec![2], 1, joined)]);

    state.queue_client_requests(1, AMF0, vec![set(1, 7), set(2, 8)], 0);
    assert_eq!(
        sent(&mut state),
        [
            (
                vec![1],
                2,
                vec![SharedObjectEvent::Success { key: key(1) }, SharedObjectEvent::Success { key: key(2) }]
            ),
            // 7.0 in AMF3 behind 0x11 is what amf-core makes of it; here only who gets what counts.
            (vec![2], 2, vec![change(1, 7, Version::Amf3), change(2, 8, Version::Amf3)]),
        ]
    );

    // Null removes: the writer's Success, the others' Remove. RequestRemove: Remove to all.
    state.queue_client_requests(1, AMF0, vec![Request::Set { key: key(1), value: null() }], 0);
    state.queue_client_requests(2, Version::Amf3, vec![Request::Remove { key: key(2) }], 0);
    let removed = |slot| vec![SharedObjectEvent::Remove { key: key(slot) }];
    assert_eq!(
        sent(&mut state),
        [
            (vec![1], 3, vec![SharedObjectEvent::Success { key: key(1) }]),
            (vec![2], 3, removed(1)),
            (vec![2], 4, removed(2)),
            (vec![1], 4, removed(2)),
        ]
    );
}

#[test]
fn changes_under_a_lock_are_one_message() {
    let mut state = state(false);
    state.queue_client_requests(1, AMF0, vec![Request::Use], 0);
    sent(&mut state);
    state.request_lock(1);
    state.request_under_lock(1, set(1, 1));
    state.request_under_lock(1, set(2, 2));
    state.queue_client_requests(1, AMF0, vec![set(1, 9)], 0);
    state.queue_server_requests(vec![set(3, 3)], 2);
    assert!(sent(&mut state).is_empty());
    assert_eq!((state.get("k1"), state.get_locked("k1")), (None, Some(number(1))));
    state.unlock(1, None);
    assert_eq!(
        sent(&mut state),
        [
            (vec![1], 2, vec![change(1, 1, AMF0), change(2, 2, AMF0)]),
            (vec![1], 3, vec![SharedObjectEvent::Success { key: key(1) }]),
            (vec![1], 4, vec![change(3, 3, AMF0)]),
        ]
    );
    assert_eq!(state.get("k1").unwrap(), number(9));
}

#[test]
fn a_lock_is_granted_after_earlier_requests() {
    let mut state = state(true);
    state.load_finished(Some(Slots::default()));
    let done = |state: &mut SharedObjectState| {
        let done =
            |effect| if let Effect::Done { ticket, result: Ok(()) } = effect { Some(ticket) } else { None };
        std::iter::from_fn(|| state.poll_effect()).filter_map(done).collect::<Vec<_>>()
    };
    let add_one = |state: &mut SharedObjectState, by| {
        let before = state.get_locked("k1").map_or(0.0, |value| value.read::<f64>().unwrap());
        state.request_under_lock(by, set(1, before as u8 + 1));
    };
    state.queue_server_requests(vec![set(1, 5)], 1);
    state.request_lock(2);
    state.request_lock(3);
    state.request_lock(4);
    assert!(done(&mut state).is_empty(), "the first write is on its way to the disk");
    state.commit_finished(true);
    assert_eq!(done(&mut state), [1, 2]);
    add_one(&mut state, 2);
    // One who has not the lock can do nothing under it, and need not wait for it.
    state.request_under_lock(3, set(1, 100));
    state.unlock(3, None);
    state.unlock(2, Some(5));
    state.commit_finished(true);
    assert_eq!(done(&mut state), [5, 4]);
    add_one(&mut state, 4);
    state.unlock(4, None);
    state.commit_finished(true);
    assert_eq!(state.get("k1").unwrap(), number(7));
    // It ends though nothing was asked for under it.
    state.request_lock(6);
    state.unlock(6, Some(7));
    assert_eq!(done(&mut state), [6, 7]);
    state.request_lock(8);
    let mut unread = SharedObjectState::new("board".into(), true, SharedObjectLimits::default(), None);
    unread.request_lock(9);
    unread.load_finished(None);
    assert!(matches!(
        unread.poll_effect(),
        Some(Effect::Done { ticket: 9, result: Err(WriteError::Storage) })
    ));
}

#[test]
fn a_write_over_a_limit_is_refused_with_the_current_value() {
    let limits = SharedObjectLimits::new().with_slots(1).with_bytes(2 + 9);
    let mut state = SharedObjectState::new("board".into(), false, limits, None);
    state.queue_client_requests(1, AMF0, vec![Request::Use], 0);
    state.queue_client_requests(1, AMF0, vec![set(1, 1)], 0);
    sent(&mut state);
    state.queue_client_requests(1, AMF0, vec![set(2, 2)], 0);
    let no = status(code::SHARED_OBJECT_NO_WRITE_ACCESS);
    let removed = SharedObjectEvent::Remove { key: key(2) };
    assert_eq!(sent(&mut state), [(vec![1], 2, vec![no.clone(), removed])]);
    // A byte more: a string of seven letters.
    let long = Arc::new(EncodedValue::new(AMF0, Bytes::from_static(b"\x02\0\x07letters")));
    state.queue_client_requests(1, AMF0, vec![Request::Set { key: key(1), value: Arc::clone(&long) }], 0);
    assert_eq!(sent(&mut state), [(vec![1], 2, vec![no, change(1, 1, AMF0)])]);
    state.queue_server_requests(vec![Request::Set { key: key(1), value: long }], 7);
    let error = WriteError::Limit(LimitError { limit: "bytes", max: 11 });
    assert!(
        matches!(state.poll_effect(), Some(Effect::Done { ticket: 7, result: Err(why) }) if why == error)
    );
}

#[test]
fn updates_are_sent_after_the_commit() {
    let mut state = state(true);
    state.queue_client_requests(1, AMF0, vec![Request::Use], 0);
    sent(&mut state);
    state.queue_client_requests(1, AMF0, vec![set(1, 1)], 0);
    let commit = state.poll_effect();
    assert!(matches!(&commit, Some(Effect::Commit { version: 2, slots }) if slots.len() == 1), "{commit:?}");
    state.queue_client_requests(1, AMF0, vec![set(2, 2)], 0);
    state.queue_client_requests(2, AMF0, vec![Request::Use, set(3, 3)], 0);
    assert!(state.poll_effect().is_none());
    state.commit_finished(true);
    assert!(
        matches!(state.poll_effect(), Some(Effect::Send { to, .. }) if to == [1]),
        "the first write has its answer"
    );
    assert!(matches!(state.poll_effect(), Some(Effect::Changed { version: 2, .. })));
    // What came in the meantime goes into one commit.
    let commit = state.poll_effect();
    assert!(matches!(&commit, Some(Effect::Commit { version: 4, slots }) if slots.len() == 2), "{commit:?}");
    assert!(state.poll_effect().is_none());
    state.commit_finished(false);
    let no = status(code::SHARED_OBJECT_NO_WRITE_ACCESS);
    let refused = |slot| vec![no.clone(), SharedObjectEvent::Remove { key: key(slot) }];
    let joined =
        [vec![SharedObjectEvent::UseSuccess, SharedObjectEvent::Clear, change(1, 1, AMF0)], refused(3)]
            .concat();
    assert_eq!(sent(&mut state), [(vec![1], 2, refused(2)), (vec![2], 2, joined)]);
    // What may have come to the disk of it is written again with the next change.
    state.queue_server_requests(vec![set(1, 5)], 1);
    let Some(Effect::Commit { version: 3, slots }) = state.poll_effect() else { panic!() };
    let keys: Vec<_> = slots.iter().map(|(key, slot)| (&**key, slot.is_some())).collect();
    assert_eq!(keys, [("k1", true), ("k2", false), ("k3", false)]);
}

#[test]
fn a_subscriber_that_left_is_not_restored_by_a_failed_commit() {
    let mut state = state(true);
    state.queue_client_requests(1, AMF0, vec![Request::Use, set(1, 1)], 0);
    state.remove_subscriber(1);
    state.commit_finished(false);
    sent(&mut state);
    state.queue_server_requests(
        vec![Request::Send(EncodedMessage::new(AMF0, SentMessage::new("over", &[])))],
        1,
    );
    assert_eq!(sent(&mut state), []);
}

#[test]
fn a_client_that_joins_during_a_failed_commit_receives_no_earlier_messages() {
    let mut state = state(true);
    state.queue_client_requests(1, AMF0, vec![Request::Use], 0);
    sent(&mut state);
    state.queue_server_requests(vec![set(1, 1)], 1);
    let hello = SentMessage::new("hello", &[]);
    state.queue_client_requests(
        1,
        AMF0,
        vec![Request::Send(EncodedMessage::new(AMF0, hello.clone())), set(2, 2)],
        0,
    );
    state.queue_client_requests(2, AMF0, vec![Request::Use], 0);
    state.commit_finished(true);
    sent(&mut state);
    state.commit_finished(false);
    let refused = vec![
        SharedObjectEvent::SendMessage(hello),
        status(code::SHARED_OBJECT_NO_WRITE_ACCESS),
        SharedObjectEvent::Remove { key: key(2) },
    ];
    let joined = vec![SharedObjectEvent::UseSuccess, SharedObjectEvent::Clear, change(1, 1, AMF0)];
    assert_eq!(sent(&mut state), [(vec![1], 2, refused), (vec![2], 2, joined)]);
}

#[test]
fn a_refusal_and_its_slot_are_in_one_message() {
    let mut state = state(false);
    state.queue_client_requests(1, AMF0, vec![Request::Use], 0);
    sent(&mut state);
    // Of more events than go into one message, one was done, so that the pairs stand across the bound.
    let no = code::SHARED_OBJECT_NO_WRITE_ACCESS;
    let refused = (0..600_u16).map(|slot| {
        let key = Some(format!("no {slot}").into());
        Request::Refused { key, code: no }
    });
    state.queue_client_requests(1, AMF0, [set(1, 1)].into_iter().chain(refused).collect(), 0);
    let messages = sent(&mut state);
    assert_eq!(messages.len(), 3);
    for (_, _, events) in &messages {
        assert!(!matches!(events.last(), Some(SharedObjectEvent::Status { .. })));
    }
    // One that is of no slot is not to be taken for one of the slot behind it.
    state.queue_client_requests(
        1,
        AMF0,
        vec![Request::Refused { key: None, code: no }, Request::Remove { key: key(1) }],
        0,
    );
    let removed = SharedObjectEvent::Remove { key: key(1) };
    assert_eq!(sent(&mut state), [(vec![1], 3, vec![status(no)]), (vec![1], 3, vec![removed])]);
}

/// A value of so many bytes: AMF0, a long string.
fn text(len: usize) -> Arc<EncodedValue> {
    let bytes = [&[0x0C][..], &(len as u32 - 5).to_be_bytes(), &vec![b'x'; len - 5]].concat();
    Arc::new(EncodedValue::new(AMF0, bytes.into()))
}

/// Bytes of the messages to a client, and the limit for which it is disconnected, if it is.
fn answers(state: &mut SharedObjectState) -> (usize, Option<&'static str>) {
    let (mut bytes, mut ended) = (0, None);
    while let Some(effect) = state.poll_effect() {
        match effect {
            Effect::Send { message, .. } => bytes += message.payload.len(),
            Effect::Disconnect { limit, .. } => ended = Some(limit),
            _ => {}
        }
    }
    (bytes, ended)
}

#[test]
fn refused_changes_do_not_multiply_a_large_slot() {
    let refused = |count: usize| vec![Request::Refused { key: Some(key(1)), code: "no" }; count];
    let mut state = state(false);
    let kib = 1 << 10;
    state.queue_client_requests(1, AMF0, vec![Request::Set { key: key(1), value: text(1_000 * kib) }], 0);
    assert!(answers(&mut state).0 < kib);
    // Four answers of 1,000 KiB are within 4 MiB; five are not, in one message or in several that waited together.
    state.queue_client_requests(1, AMF0, refused(4), 0);
    let (bytes, ended) = answers(&mut state);
    assert!(bytes > 4_000 * kib && ended.is_none(), "{bytes} {ended:?}");
    state.queue_client_requests(1, AMF0, refused(5), 0);
    assert_eq!(answers(&mut state), (0, Some("answer_bytes")));
    state.request_lock(7);
    for _ in 0..1_000 {
        state.queue_client_requests(2, AMF0, refused(1), 100);
    }
    assert_eq!(answers(&mut state), (0, None));
    state.unlock(7, None);
    let (bytes, ended) = answers(&mut state);
    assert!(bytes <= 4 << 20 && ended == Some("answer_bytes"), "{bytes} {ended:?}");
}

#[test]
fn answers_of_a_failed_commit_do_not_count() {
    let mut state = state(true);
    let kib = 1 << 10;
    state.queue_client_requests(1, AMF0, vec![Request::Set { key: key(1), value: text(1_000 * kib) }], 0);
    state.commit_finished(true);
    answers(&mut state);
    // Three answers of 1,000 KiB are within 4 MiB, and so are those that replace them when the store fails.
    let refused = Request::Refused { key: Some(key(1)), code: "no" };
    state.queue_client_requests(1, AMF0, vec![set(2, 7), refused.clone(), refused.clone(), refused], 0);
    assert_eq!(answers(&mut state), (0, None), "nothing before the commit");
    state.commit_finished(false);
    let (bytes, ended) = answers(&mut state);
    assert!(bytes > 3_000 * kib && ended.is_none(), "{bytes} {ended:?}");
}

#[test]
fn queued_use_requests_are_answered_once() {
    let mut state = state(false);
    state.queue_client_requests(1, AMF0, vec![Request::Set { key: key(1), value: text(1 << 10) }], 0);
    answers(&mut state);
    state.request_lock(7);
    for _ in 0..100 {
        state.queue_client_requests(2, AMF0, vec![Request::Use], 0);
    }
    state.unlock(7, None);
    let uses: Vec<_> = sent(&mut state).into_iter().flat_map(|(_, _, events)| events).collect();
    assert_eq!(uses.iter().filter(|event| **event == SharedObjectEvent::UseSuccess).count(), 1);
    // Later it is asked for again, and answered again.
    state.queue_client_requests(2, AMF0, vec![Request::Use], 0);
    assert_eq!(sent(&mut state).len(), 1);
}
