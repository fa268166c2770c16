//! The machine against a model: what each client has seen is what the object is, and nobody is told of what was
//! not kept.

use std::collections::{HashMap, HashSet};

use bytes::Bytes;
use proptest::prelude::*;

use super::*;
use crate::proto::{Limits, SharedObjectEvent, SharedObjectMessage};
use crate::shared_object::told::status;

const AMF0: Version = Version::Amf0;

fn key(number: u8) -> Arc<str> {
    format!("k{number}").into()
}

/// AMF0: a number.
fn number(number: u8) -> Arc<Encoded> {
    let bytes = [&[0][..], &f64::from(number).to_be_bytes()].concat();
    Arc::new(Encoded::new(AMF0, bytes.into()))
}

fn null() -> Arc<Encoded> {
    Arc::new(Encoded::new(AMF0, Bytes::from_static(&[5])))
}

fn set(slot: u8, value: u8) -> Request {
    Request::Set { key: key(slot), value: number(value) }
}

fn machine(is_persistent: bool) -> Machine {
    let mut machine =
        Machine::new("board".into(), is_persistent, SharedObjectLimits::default(), Memory::default());
    if is_persistent {
        machine.restored(Some(Slots::default()));
    }
    machine
}

/// What was sent: to whom, and the events.
fn sent(machine: &mut Machine) -> Vec<(Vec<ListenerId>, u32, Vec<SharedObjectEvent>)> {
    std::iter::from_fn(|| machine.effect())
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
fn the_writer_learns_of_success_and_the_others_of_the_change() {
    let mut machine = machine(false);
    machine.client(1, AMF0, vec![Request::Use], 0);
    machine.client(2, Version::Amf3, vec![Request::Use], 0);
    let joined = vec![SharedObjectEvent::UseSuccess, SharedObjectEvent::Clear];
    assert_eq!(sent(&mut machine), [(vec![1], 1, joined.clone()), (vec![2], 1, joined)]);

    machine.client(1, AMF0, vec![set(1, 7), set(2, 8)], 0);
    assert_eq!(
        sent(&mut machine),
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
    machine.client(1, AMF0, vec![Request::Set { key: key(1), value: null() }], 0);
    machine.client(2, Version::Amf3, vec![Request::Remove { key: key(2) }], 0);
    let removed = |slot| vec![SharedObjectEvent::Remove { key: key(slot) }];
    assert_eq!(
        sent(&mut machine),
        [
            (vec![1], 3, vec![SharedObjectEvent::Success { key: key(1) }]),
            (vec![2], 3, removed(1)),
            (vec![2], 4, removed(2)),
            (vec![1], 4, removed(2)),
        ]
    );
}

#[test]
fn what_happens_under_a_lock_is_one_message() {
    let mut machine = machine(false);
    machine.client(1, AMF0, vec![Request::Use], 0);
    sent(&mut machine);
    machine.lock(1);
    machine.locked(1, set(1, 1));
    machine.locked(1, set(2, 2));
    machine.client(1, AMF0, vec![set(1, 9)], 0);
    machine.server(vec![set(3, 3)], 2);
    assert!(sent(&mut machine).is_empty());
    assert_eq!((machine.get("k1"), machine.get_locked("k1")), (None, Some(number(1))));
    machine.unlock(1, None);
    assert_eq!(
        sent(&mut machine),
        [
            (vec![1], 2, vec![change(1, 1, AMF0), change(2, 2, AMF0)]),
            (vec![1], 3, vec![SharedObjectEvent::Success { key: key(1) }]),
            (vec![1], 4, vec![change(3, 3, AMF0)]),
        ]
    );
    assert_eq!(machine.get("k1").unwrap(), number(9));
}

#[test]
fn who_wants_the_lock_waits_for_what_was_asked_before() {
    let mut machine = machine(true);
    machine.restored(Some(Slots::default()));
    let done = |machine: &mut Machine| {
        let done =
            |effect| if let Effect::Done { ticket, result: Ok(()) } = effect { Some(ticket) } else { None };
        std::iter::from_fn(|| machine.effect()).filter_map(done).collect::<Vec<_>>()
    };
    let add_one = |machine: &mut Machine, by| {
        let before = machine.get_locked("k1").map_or(0.0, |value| value.read::<f64>().unwrap());
        machine.locked(by, set(1, before as u8 + 1));
    };
    machine.server(vec![set(1, 5)], 1);
    machine.lock(2);
    machine.lock(3);
    machine.lock(4);
    assert!(done(&mut machine).is_empty(), "the first write is on its way to the disk");
    machine.committed(true);
    assert_eq!(done(&mut machine), [1, 2]);
    add_one(&mut machine, 2);
    // One who has not the lock can do nothing under it, and need not wait for it.
    machine.locked(3, set(1, 100));
    machine.unlock(3, None);
    machine.unlock(2, Some(5));
    machine.committed(true);
    assert_eq!(done(&mut machine), [5, 4]);
    add_one(&mut machine, 4);
    machine.unlock(4, None);
    machine.committed(true);
    assert_eq!(machine.get("k1").unwrap(), number(7));
    // It ends though nothing was asked for under it.
    machine.lock(6);
    machine.unlock(6, Some(7));
    assert_eq!(done(&mut machine), [6, 7]);
    machine.lock(8);
    let mut unread = Machine::new("board".into(), true, SharedObjectLimits::default(), Memory::default());
    unread.lock(9);
    unread.restored(None);
    assert!(matches!(unread.effect(), Some(Effect::Done { ticket: 9, result: Err(NotWritten::Storage) })));
}

#[test]
fn limits_refuse_one_more_and_tell_what_the_slot_is() {
    let limits = SharedObjectLimits { slots: 1, bytes: 2 + 9, ..SharedObjectLimits::default() };
    let mut machine = Machine::new("board".into(), false, limits, Memory::default());
    machine.client(1, AMF0, vec![Request::Use], 0);
    machine.client(1, AMF0, vec![set(1, 1)], 0);
    sent(&mut machine);
    machine.client(1, AMF0, vec![set(2, 2)], 0);
    let no = status(code::SHARED_OBJECT_NO_WRITE_ACCESS);
    let gone = SharedObjectEvent::Remove { key: key(2) };
    assert_eq!(sent(&mut machine), [(vec![1], 2, vec![no.clone(), gone])]);
    // A byte more: a string of seven letters.
    let long = Arc::new(Encoded::new(AMF0, Bytes::from_static(b"\x02\0\x07letters")));
    machine.client(1, AMF0, vec![Request::Set { key: key(1), value: Arc::clone(&long) }], 0);
    assert_eq!(sent(&mut machine), [(vec![1], 2, vec![no, change(1, 1, AMF0)])]);
    machine.server(vec![Request::Set { key: key(1), value: long }], 7);
    let failure = NotWritten::Limit(LimitPassed { limit: "bytes", max: 11 });
    assert!(matches!(machine.effect(), Some(Effect::Done { ticket: 7, result: Err(why) }) if why == failure));
}

#[test]
fn the_memory_of_all_objects_is_bounded() {
    // A slot of 2 + 9 bytes, and 192 for itself, is 203.
    let memory = Memory::default();
    let used = |memory: &Memory| memory.load(std::sync::atomic::Ordering::Relaxed);
    let limits = SharedObjectLimits { total_memory: 203 + 11, ..SharedObjectLimits::default() };
    let [mut first, mut second, mut third] =
        [1, 2, 3].map(|_| Machine::new("board".into(), false, limits, Arc::clone(&memory)));
    first.server(vec![set(1, 1)], 1);
    second.server(vec![set(1, 1)], 1);
    assert_eq!((first.slots().iter().len(), second.slots().iter().len()), (1, 1));
    assert_eq!(used(&memory), 2 * 203);
    third.server(vec![set(1, 1)], 1);
    let failure = NotWritten::Limit(LimitPassed { limit: "total_memory", max: 214 });
    assert!(matches!(third.effect(), Some(Effect::Done { result: Err(why), .. }) if why == failure));
    // What is there may be changed, as long as it does not grow.
    first.server(vec![set(1, 2)], 1);
    assert_eq!(first.get("k1").unwrap(), number(2));
    second.server(vec![Request::Clear], 1);
    assert_eq!(used(&memory), 203);
    drop(first);
    assert_eq!(used(&memory), 0);
    third.server(vec![set(1, 1)], 2);
    assert_eq!(used(&memory), 203);
}

#[test]
fn nobody_is_told_before_it_is_on_disk() {
    let mut machine = machine(true);
    machine.client(1, AMF0, vec![Request::Use], 0);
    sent(&mut machine);
    machine.client(1, AMF0, vec![set(1, 1)], 0);
    let commit = machine.effect();
    assert!(matches!(&commit, Some(Effect::Commit { version: 2, slots }) if slots.len() == 1), "{commit:?}");
    machine.client(1, AMF0, vec![set(2, 2)], 0);
    machine.client(2, AMF0, vec![Request::Use, set(3, 3)], 0);
    assert!(machine.effect().is_none());
    machine.committed(true);
    assert!(
        matches!(machine.effect(), Some(Effect::Send { to, .. }) if to == [1]),
        "the first write has its answer"
    );
    assert!(matches!(machine.effect(), Some(Effect::Changed { version: 2, .. })));
    // What came in the meantime goes into one commit.
    let commit = machine.effect();
    assert!(matches!(&commit, Some(Effect::Commit { version: 4, slots }) if slots.len() == 2), "{commit:?}");
    assert!(machine.effect().is_none());
    machine.committed(false);
    let no = status(code::SHARED_OBJECT_NO_WRITE_ACCESS);
    let refused = |slot| vec![no.clone(), SharedObjectEvent::Remove { key: key(slot) }];
    let joined =
        [vec![SharedObjectEvent::UseSuccess, SharedObjectEvent::Clear, change(1, 1, AMF0)], refused(3)]
            .concat();
    assert_eq!(sent(&mut machine), [(vec![1], 2, refused(2)), (vec![2], 2, joined)]);
    // What may have come to the disk of it is written again with the next change.
    machine.server(vec![set(1, 5)], 1);
    let Some(Effect::Commit { version: 3, slots }) = machine.effect() else { panic!() };
    let keys: Vec<_> = slots.iter().map(|(key, slot)| (&**key, slot.is_some())).collect();
    assert_eq!(keys, [("k1", true), ("k2", false), ("k3", false)]);
}

#[derive(Clone, Debug)]
enum Step {
    Use(u8),
    Leave(u8),
    Write(u8, Vec<(u8, Option<u8>)>),
    Remove(u8, u8),
    Serve(Vec<(u8, Option<u8>)>),
    Clear,
    Lock,
    Unlock,
    Commit(bool),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let writes = |slots| prop::collection::vec((0..slots, prop::option::of(0..9_u8)), 1..4);
    let step = prop_oneof![
        2 => (0..3_u8).prop_map(Step::Use),
        1 => (0..3_u8).prop_map(Step::Leave),
        6 => (0..3_u8, writes(4_u8)).prop_map(|(client, writes)| Step::Write(client, writes)),
        2 => (0..3_u8, 4..6_u8).prop_map(|(client, slot)| Step::Remove(client, slot)),
        2 => writes(6).prop_map(Step::Serve),
        1 => Just(Step::Clear),
        1 => Just(Step::Lock),
        1 => Just(Step::Unlock),
        6 => prop::bool::weighted(0.8).prop_map(Step::Commit),
    ];
    prop::collection::vec(step, 1..60)
}

fn requests(writes: Vec<(u8, Option<u8>)>) -> Vec<Request> {
    writes
        .into_iter()
        .map(|(slot, value)| match value {
            Some(value) => set(slot, value),
            None => Request::Set { key: key(slot), value: null() },
        })
        .collect()
}

/// What a client shows, as Flash does it: its own writes at once, then what it is told.
type View = HashMap<Arc<str>, Bytes>;

/// A version and slots, on their way to the disk.
type Commit = (u32, Vec<(Arc<str>, Option<Slot>)>);

#[derive(Default)]
struct World {
    views: HashMap<ListenerId, View>,
    listening: HashSet<ListenerId>,
    /// What each client wrote and has no answer to, the last write of a slot behind the others.
    asked: HashMap<ListenerId, Vec<(Arc<str>, Bytes)>>,
    disk: View,
    disk_version: u32,
    commit: Option<Commit>,
}

impl World {
    fn settle(&mut self, machine: &mut Machine) {
        while let Some(effect) = machine.effect() {
            match effect {
                Effect::Send { to, message } => {
                    let message = SharedObjectMessage::parse(&message, &Limits::server()).unwrap().unwrap();
                    for client in to {
                        let mut is_refused = false;
                        for event in &message.events {
                            self.told(client, event, is_refused);
                            is_refused = matches!(event, SharedObjectEvent::Status { .. });
                        }
                    }
                }
                Effect::Commit { version, slots } => self.commit = Some((version, slots)),
                _ => {}
            }
        }
    }

    fn told(&mut self, client: ListenerId, event: &SharedObjectEvent, is_refused: bool) {
        let view = self.views.entry(client).or_default();
        let asked = self.asked.entry(client).or_default();
        match event {
            SharedObjectEvent::Change { key, .. } | SharedObjectEvent::Remove { key } if is_refused => {
                if let Some(at) = asked.iter().position(|(asked, _)| asked == key) {
                    asked.remove(at);
                }
            }
            _ => {}
        }
        match event {
            SharedObjectEvent::Clear => view.clear(),
            SharedObjectEvent::Change { key, value } => drop(view.insert(Arc::clone(key), value.clone())),
            SharedObjectEvent::Remove { key } => drop(view.remove(key)),
            SharedObjectEvent::Success { key } => {
                let at = asked.iter().position(|(asked, _)| asked == key).expect("a success was asked for");
                let (key, value) = asked.remove(at);
                if *value == [5] {
                    view.remove(&key);
                } else {
                    view.insert(key, value);
                }
            }
            SharedObjectEvent::Status { .. } | SharedObjectEvent::UseSuccess => {}
            other => panic!("{other:?}"),
        }
    }

    fn commit(&mut self, is_done: bool, machine: &mut Machine) {
        let Some((version, slots)) = self.commit.take() else { return };
        // A write that fails may be torn: some of it is there.
        let torn = if is_done { slots.len() } else { slots.len() / 2 };
        for (key, slot) in slots.into_iter().take(torn) {
            match slot {
                Some(slot) => drop(self.disk.insert(key, slot.value.bytes().clone())),
                None => drop(self.disk.remove(&key)),
            }
        }
        if is_done {
            self.disk_version = version;
        }
        machine.committed(is_done);
        self.settle(machine);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(400) })]

    #[test]
    fn everybody_sees_what_is_there(steps in steps(), is_persistent: bool) {
        let mut machine = machine(is_persistent);
        let mut world = World { disk_version: 1, ..World::default() };
        let (mut held, mut last) = (None, 0);
        for step in steps {
            let version = machine.slots().version();
            match step {
                Step::Use(client) => {
                    world.listening.insert(client.into());
                    machine.client(client.into(), AMF0, vec![Request::Use], 0);
                }
                Step::Leave(client) => {
                    world.listening.remove(&client.into());
                    machine.gone(client.into());
                }
                Step::Write(client, writes) => {
                    let id = ListenerId::from(client);
                    if world.listening.contains(&id) {
                        let asked = world.asked.entry(id).or_default();
                        asked.extend(writes.iter().map(|(slot, value)| {
                            (key(*slot), value.map_or_else(null, number).bytes().clone())
                        }));
                        machine.client(id, AMF0, requests(writes), 0);
                    }
                }
                Step::Remove(client, slot) => {
                    if world.listening.contains(&client.into()) {
                        machine.client(client.into(), AMF0, vec![Request::Remove { key: key(slot) }], 0);
                    }
                }
                // Who waits for the lock asks for nothing.
                Step::Serve(writes) => match held {
                    Some(by) => requests(writes).into_iter().for_each(|request| machine.locked(by, request)),
                    None => machine.server(requests(writes), 0),
                },
                Step::Clear => machine.server(vec![Request::Clear], 0),
                Step::Lock => {
                    last += 1;
                    machine.lock(last);
                    held.get_or_insert(last);
                }
                Step::Unlock => {
                    if let Some(by) = held {
                        machine.unlock(by, None);
                        held = (by < last).then_some(by + 1);
                    }
                }
                Step::Commit(is_done) => world.commit(is_done, &mut machine),
            }
            world.settle(&mut machine);
            prop_assert!(machine.slots().version() >= version || is_persistent);
        }
        while held.is_some() || world.commit.is_some() {
            world.commit(true, &mut machine);
            if let Some(by) = held {
                machine.unlock(by, None);
                held = (by < last).then_some(by + 1);
            }
            world.settle(&mut machine);
        }
        let there: View = machine.slots().iter().map(|(key, slot)| (Arc::clone(key), slot.value.bytes().clone())).collect();
        for client in &world.listening {
            prop_assert_eq!(world.views.get(client), Some(&there), "client {}", client);
        }
        if is_persistent {
            // One more change mends what was torn.
            machine.server(vec![set(9, 9)], 0);
            world.settle(&mut machine);
            world.commit(true, &mut machine);
            let there: View = machine.slots().iter().map(|(key, slot)| (Arc::clone(key), slot.value.bytes().clone())).collect();
            prop_assert_eq!(&world.disk, &there);
            prop_assert_eq!(world.disk_version, machine.slots().version());
        }
    }
}
