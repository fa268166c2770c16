//! Each limit at its value and one beyond, and what frees a share.

use std::time::Duration;

use super::*;
use crate::shared_object::state::encoded::EncodedValue;
use crate::shared_object::state::slots::Slots;
use crate::shared_object::state::{Effect, SharedObjectState, SubscriberId, WriteError};
use crate::shared_object::state::{RefusalReason, Request};

const AMF0: amf_core::Version = amf_core::Version::Amf0;
/// `lobby`, `red` and `a` or another letter.
const NAME_BYTES: usize = 9;
/// A row of the object, and one of a slot of 2 + 9 bytes.
const ONE_SLOT: usize = (9 + 32) + (9 + 32 + 2 + 9);

fn budget() -> MemoryBudget {
    MemoryBudget::new(1 << 30)
}

fn client(ledger: &Arc<Ledger>, address: Option<&str>) -> Arc<ClientShare> {
    ClientShare::new(ledger, address.map(|address| address.parse().unwrap()), &budget())
}

fn key(number: usize) -> Arc<str> {
    format!("k{number}").into()
}

/// A number in AMF0, nine bytes.
fn set(slot: usize) -> Request {
    let value = EncodedValue::new(AMF0, vec![0, 0, 0, 0, 0, 0, 0, 0, 0].into());
    Request::Set { key: key(slot), value: Arc::new(value) }
}

/// A string of so many bytes in AMF0, in the slot 0.
fn set_text(len: usize) -> Request {
    let bytes = [&[0x0C][..], &(len as u32).to_be_bytes(), &vec![b'x'; len]].concat();
    Request::Set { key: key(0), value: Arc::new(EncodedValue::new(AMF0, bytes.into())) }
}

fn open(
    ledger: &Arc<Ledger>,
    creator: Option<&Arc<ClientShare>>,
    limits: &SharedObjectLimits,
) -> Result<ObjectCharge, LimitError> {
    ObjectCharge::new(ledger, creator.map(|client| client.creator()), limits, &budget())
}

/// A persistent object of this name, that the client 1 uses and may create.
struct Object {
    state: SharedObjectState,
}

impl Object {
    fn new(
        ledger: &Arc<Ledger>,
        name: &str,
        client: Option<&Arc<ClientShare>>,
        limits: PersistenceLimits,
    ) -> Self {
        let charge = open(ledger, client, &SharedObjectLimits::new()).unwrap();
        let charge = charge.persistent(name.into(), NAME_BYTES, limits);
        let mut state = SharedObjectState::new(name.into(), true, SharedObjectLimits::new(), Some(charge));
        if let Some(client) = client {
            state.add_share(1, Arc::clone(client));
            state.queue_client_requests(1, AMF0, vec![Request::Use], 0);
        }
        Self { state }
    }

    fn load(mut self, slots: Slots) -> Self {
        self.state.load_finished(Some(slots));
        while self.state.poll_effect().is_some() {}
        self
    }

    /// Requests of the client, and the limit that they exceeded.
    fn request(&mut self, requests: Vec<Request>) -> Option<&'static str> {
        self.state.queue_client_requests(1, AMF0, requests, 0);
        self.exceeded()
    }

    /// All commits come to the disk.
    fn exceeded(&mut self) -> Option<&'static str> {
        let mut exceeded = None;
        while let Some(effect) = self.state.poll_effect() {
            match effect {
                Effect::Commit { .. } => self.state.commit_finished(true),
                Effect::Describe { reason: RefusalReason::Limit(limit), .. } => {
                    exceeded = Some(limit.limit);
                }
                Effect::Done { result: Err(WriteError::Limit(limit)), .. } => exceeded = Some(limit.limit),
                _ => {}
            }
        }
        exceeded
    }
}

#[test]
fn objects_are_limited_per_client_and_per_address() {
    let ledger = Ledger::new(0, 0);
    let limits = SharedObjectLimits::new().with_objects_per_client(2).with_objects_per_address(3);
    let [ann, ben] = [1, 2].map(|_| client(&ledger, Some("192.0.2.1")));
    let (other, nowhere) = (client(&ledger, Some("192.0.2.2")), client(&ledger, None));
    let anns = [open(&ledger, Some(&ann), &limits).unwrap(), open(&ledger, Some(&ann), &limits).unwrap()];
    assert_eq!(open(&ledger, Some(&ann), &limits).unwrap_err().limit, "objects_per_client");
    let bens = open(&ledger, Some(&ben), &limits).unwrap();
    assert_eq!(open(&ledger, Some(&ben), &limits).unwrap_err().limit, "objects_per_address");
    // Neither is in the way of others, or of the server's own side.
    for client in [Some(&other), Some(&nowhere), None] {
        open(&ledger, client, &limits).unwrap();
    }
    // What was refused is not counted, and what is gone not any more.
    drop(anns);
    let again = open(&ledger, Some(&ben), &limits).unwrap();
    assert_eq!(open(&ledger, Some(&ben), &limits).unwrap_err().limit, "objects_per_client");
    drop((bens, again));
    assert!(ann.creator.address.as_ref().unwrap().is_unused());
}

#[test]
fn memory_is_limited_per_address_and_in_all() {
    let ledger = Ledger::new(0, 0);
    // An object takes 2 KiB, and its slot 192 + 2 + 9 bytes.
    let one = (2 << 10) + 203;
    let limits = SharedObjectLimits::new().with_total_memory(8 * one).with_memory_per_address(2 * one);
    let (ann, ben) = (client(&ledger, Some("192.0.2.1")), client(&ledger, Some("192.0.2.2")));
    let object = |client: Option<&Arc<ClientShare>>| {
        let charge = open(&ledger, client, &limits)?;
        let mut state = SharedObjectState::new("a".into(), false, limits, Some(charge));
        if let Some(client) = client {
            state.add_share(1, Arc::clone(client));
        }
        Ok::<_, LimitError>(Object { state })
    };
    let (mut first, mut second) = (object(Some(&ann)).unwrap(), object(Some(&ann)).unwrap());
    assert_eq!(first.request(vec![set(0)]), None);
    assert_eq!(second.request(vec![set(0)]), None);
    assert_eq!(first.request(vec![set(1)]), Some("memory_per_address"));
    // What does not grow is allowed, and what was refused is not there.
    assert_eq!((first.request(vec![set(0)]), first.state.slots().iter().len()), (None, 1));
    assert_eq!(object(Some(&ann)).map(drop).unwrap_err().limit, "memory_per_address");
    let mut bens = object(Some(&ben)).unwrap();
    assert_eq!(bens.request(vec![set(0)]), None);
    // The server's own side is bound by the total alone.
    first.state.queue_server_requests(vec![set(1)], 7);
    assert_eq!(first.exceeded(), None);
    let mut own: Vec<_> = (0..4).map(|_| object(None).unwrap()).collect();
    for object in &mut own {
        object.state.queue_server_requests(vec![set(0)], 7);
        assert_eq!(object.exceeded(), None);
    }
    // 2 KiB are left: one object without a slot.
    let mut last = object(None).unwrap();
    assert_eq!(ledger.total.memory.get(), 8 * one);
    last.state.queue_server_requests(vec![set(0)], 7);
    assert_eq!(last.exceeded(), Some("total_memory"));
    assert_eq!(object(None).map(drop).unwrap_err().limit, "total_memory");
    assert_eq!(object(Some(&ben)).map(drop).unwrap_err().limit, "total_memory");
    drop(last);
    drop((first, second, bens, own));
    assert_eq!(ledger.total.memory.get(), 0);
    assert!(ann.creator.address.as_ref().unwrap().is_unused());
}

#[test]
fn objects_leave_room_in_the_memory_budget() {
    let ledger = Ledger::new(0, 0);
    let limits = SharedObjectLimits::new();
    let budget = MemoryBudget::new(1 << 20);
    let ann = client(&ledger, Some("192.0.2.1"));
    let charge = || ObjectCharge::new(&ledger, None, &limits, &budget).unwrap();
    let sizes = |bytes: usize| SlotSizes::new(0, bytes);
    let mut own = charge();
    // Half of it in all, and an eighth of it for an address.
    let half = (512 << 10) - (2 << 10);
    own.try_set(sizes(half), &limits, Writer::Server).unwrap();
    let refused = own.try_set(sizes(half + 1), &limits, Writer::Server).unwrap_err();
    assert_eq!((refused.limit, refused.max), ("total_memory", 512 << 10));
    own.set(sizes(0));
    let mut anns = ObjectCharge::new(&ledger, Some(ann.creator()), &limits, &budget).unwrap();
    let eighth = (128 << 10) - (2 << 10);
    anns.try_set(sizes(eighth), &limits, Writer::Client).unwrap();
    assert_eq!(
        anns.try_set(sizes(eighth + 1), &limits, Writer::Client).unwrap_err().limit,
        "memory_per_address"
    );
    assert!(budget.used_bytes() >= 128 << 10);
    // Where others have nearly all of it, clients add little.
    anns.set(sizes(0));
    let work = budget.charge(940 << 10);
    let long = sizes(8 << 10);
    assert_eq!(anns.try_set(long, &limits, Writer::Client).unwrap_err().limit, "memory_budget");
    anns.try_set(sizes(1), &limits, Writer::Client).unwrap();
    drop(work);
    anns.try_set(long, &limits, Writer::Client).unwrap();
    drop((own, anns));
    assert_eq!(budget.used_bytes(), 0);
}

#[test]
fn persistent_objects_are_limited_at_each_level() {
    let limits = PersistenceLimits::new()
        .with_persistent_objects_per_client(1)
        .with_persistent_objects_per_address(2)
        .with_persistent_objects(3);
    let ledger = Ledger::new(0, 0);
    let [ann, ben] = [1, 2].map(|_| client(&ledger, Some("192.0.2.1")));
    let (cat, dan) = (client(&ledger, Some("192.0.2.2")), client(&ledger, Some("192.0.2.3")));
    let object = |name, client: &Arc<ClientShare>| {
        Object::new(&ledger, name, Some(client), limits).load(Slots::default())
    };
    let (mut first, mut second) = (object("a", &ann), object("b", &ann));
    assert_eq!(first.request(vec![set(0), set(1)]), None);
    assert_eq!(second.request(vec![set(0)]), Some("persistent_objects_per_client"));
    let (mut third, mut fourth) = (object("c", &ben), object("d", &client(&ledger, Some("192.0.2.1"))));
    assert_eq!(third.request(vec![set(0)]), None);
    assert_eq!(fourth.request(vec![set(0)]), Some("persistent_objects_per_address"));
    let (mut fifth, mut sixth) = (object("e", &cat), object("f", &dan));
    assert_eq!(fifth.request(vec![set(0)]), None);
    assert_eq!(sixth.request(vec![set(0)]), Some("persistent_objects"));
    // Nor may the server's own side exceed the total.
    let mut own = Object::new(&ledger, "own", None, limits).load(Slots::default());
    own.state.queue_server_requests(vec![set(0)], 7);
    assert_eq!(own.exceeded(), Some("persistent_objects"));
    // An object without slots is none.
    assert_eq!(first.request(vec![Request::Clear]), None);
    assert_eq!(second.request(vec![set(0)]), None);
    own.state.queue_server_requests(vec![set(0)], 7);
    assert_eq!(own.exceeded(), Some("persistent_objects"));
    assert_eq!(fifth.request(vec![Request::Remove { key: key(0) }]), None);
    own.state.queue_server_requests(vec![set(0)], 7);
    assert_eq!(own.exceeded(), None);
}

#[test]
fn persistent_bytes_are_limited_at_each_level() {
    let limits = PersistenceLimits::new()
        .with_persistent_bytes_per_client(ONE_SLOT)
        .with_persistent_bytes_per_address(2 * ONE_SLOT)
        .with_persistent_bytes(3 * ONE_SLOT + 10);
    // The store held something before.
    let ledger = Ledger::new(1, 10);
    let [ann, ben, bob] = [1, 2, 3].map(|_| client(&ledger, Some("192.0.2.1")));
    let (cat, dan) = (client(&ledger, Some("192.0.2.2")), client(&ledger, Some("192.0.2.3")));
    let object = |name, client: &Arc<ClientShare>| {
        Object::new(&ledger, name, Some(client), limits).load(Slots::default())
    };
    let mut first = object("a", &ann);
    assert_eq!(first.request(vec![set(0)]), None);
    assert_eq!(first.request(vec![set_text(5)]), Some("persistent_bytes_per_client"));
    assert_eq!(first.request(vec![set_text(4)]), None, "as many bytes as the number");
    let (mut second, mut fourth) = (object("b", &ben), object("d", &bob));
    assert_eq!(second.request(vec![set(0)]), None);
    assert_eq!(fourth.request(vec![set(0)]), Some("persistent_bytes_per_address"));
    // The server's own side may, in the client's object too.
    fourth.state.queue_server_requests(vec![set(0)], 7);
    assert_eq!(fourth.exceeded(), None);
    let mut fifth = object("e", &cat);
    assert_eq!(fifth.request(vec![set(0)]), Some("persistent_bytes"));
    // Whoever removes it, it is free for others.
    fourth.state.queue_server_requests(vec![Request::Clear], 7);
    assert_eq!(fourth.exceeded(), None);
    assert_eq!(fifth.request(vec![set(0)]), None);
    assert_eq!(object("f", &dan).request(vec![set(0)]), Some("persistent_bytes"));
    assert_eq!((ledger.total.stored_objects.get(), ledger.total.stored_bytes.get()), (4, 3 * ONE_SLOT + 10));
}

#[test]
fn a_share_of_the_store_outlives_the_object_in_memory() {
    let limits = PersistenceLimits::new().with_persistent_objects_per_address(1);
    let ledger = Ledger::new(0, 0);
    let ann = client(&ledger, Some("192.0.2.1"));
    let mut a = Object::new(&ledger, "a", Some(&ann), limits).load(Slots::default());
    assert_eq!(a.request(vec![set(0)]), None);
    let stored: Vec<_> = a.state.slots().iter().map(|(key, slot)| (Arc::clone(key), slot.clone())).collect();
    // The object and its client are gone; the next one of the address finds the share taken.
    drop((a, ann));
    let ben = client(&ledger, Some("192.0.2.1"));
    let mut b = Object::new(&ledger, "b", Some(&ben), limits).load(Slots::default());
    assert_eq!(b.request(vec![set(0)]), Some("persistent_objects_per_address"));
    // One who did not create it removes what is in it. That it is not loaded in between changes nothing.
    drop(Object::new(&ledger, "a", None, limits));
    let mut a = Object::new(&ledger, "a", None, limits).load(Slots::restore(2, stored));
    assert_eq!((ledger.total.stored_objects.get(), ledger.total.stored_bytes.get()), (1, ONE_SLOT));
    a.state.queue_server_requests(vec![Request::Clear], 7);
    assert_eq!(a.exceeded(), None);
    drop(a);
    assert_eq!(b.request(vec![set(0)]), None);
    assert_eq!(b.request(vec![Request::Clear]), None);
    drop((b, ben));
    assert!(ledger.at_rest().is_empty());
    assert_eq!((ledger.total.stored_objects.get(), ledger.total.stored_bytes.get()), (0, 0));
    // The map forgets addresses that take nothing, when it would grow.
    for last in 0..100 {
        let address = IpAddr::from([198, 51, 100, last]);
        ledger.address(address, Instant::now());
    }
    assert!(ledger.addresses.lock().unwrap().len() < 10);
}

#[test]
fn a_client_that_left_while_the_object_was_loaded_has_created_it() {
    let ledger = Ledger::new(0, 0);
    let ann = client(&ledger, Some("192.0.2.1"));
    let limits = PersistenceLimits::new().with_persistent_objects_per_client(0);
    for (limits, slots) in [(PersistenceLimits::new(), 1), (limits, 0)] {
        let mut a = Object::new(&ledger, "a", Some(&ann), limits);
        a.state.queue_client_requests(1, AMF0, vec![set(0)], 0);
        a.state.remove_subscriber(1);
        a.state.load_finished(Some(Slots::default()));
        // Its quotas hold as well, though nobody is told.
        a.exceeded();
        assert_eq!(a.state.slots().iter().len(), slots);
    }
}

#[test]
fn what_a_failed_commit_reverts_is_not_counted() {
    let ledger = Ledger::new(0, 0);
    let ann = client(&ledger, Some("192.0.2.1"));
    let mut a = Object::new(&ledger, "a", Some(&ann), PersistenceLimits::new()).load(Slots::default());
    a.state.queue_client_requests(1, AMF0, vec![set(0)], 0);
    assert_eq!(ledger.total.stored_bytes.get(), ONE_SLOT);
    a.state.commit_finished(false);
    assert_eq!((ledger.total.stored_objects.get(), ledger.total.stored_bytes.get()), (0, 0));
    // A commit that found no place in the queue leaves nothing in doubt.
    a.state.queue_client_requests(1, AMF0, vec![set(1)], 0);
    let uncertain = |a: &Object| a.state.uncertain_slots().len();
    while a.state.poll_effect().is_some() {}
    let limit = LimitError { limit: "store_queue_jobs", max: 1 };
    a.state.commit_refused(limit);
    assert_eq!((a.exceeded(), uncertain(&a)), (Some("store_queue_jobs"), 1));
    assert_eq!((a.request(vec![set(0)]), uncertain(&a)), (None, 0));
    assert_eq!(ledger.total.stored_bytes.get(), ONE_SLOT);
}

#[test]
fn write_rates_are_limited_at_each_level() {
    let limits = PersistenceLimits::new()
        .with_persistent_write_rate_per_client(1_000)
        .with_persistent_write_rate_per_address(1_500)
        .with_persistent_write_rate(2_000);
    let ledger = Ledger::new(0, 0);
    let [ann, ben] = [1, 2].map(|_| client(&ledger, Some("192.0.2.1")));
    let cat = client(&ledger, None);
    let start = Instant::now();
    let exceeded = |client: &Arc<ClientShare>, bytes, seconds| {
        let now = start + Duration::from_secs(seconds);
        client.try_write(bytes, &limits, now).map_err(|limit| limit.limit)
    };
    // As much as in 8 s at once.
    assert_eq!(exceeded(&ann, 8_000, 0), Ok(()));
    assert_eq!(exceeded(&ann, 1, 0), Err("persistent_write_rate_per_client"));
    assert_eq!(exceeded(&ben, 4_001, 0), Err("persistent_write_rate_per_address"));
    assert_eq!(exceeded(&ben, 4_000, 0), Ok(()));
    assert_eq!(exceeded(&cat, 4_001, 0), Err("persistent_write_rate"));
    assert_eq!(exceeded(&cat, 4_000, 0), Ok(()));
    // What was refused is counted nowhere; a second later there is as much room as the rates say.
    assert_eq!(exceeded(&ann, 1_001, 1), Err("persistent_write_rate_per_client"));
    assert_eq!(exceeded(&ann, 1_000, 1), Ok(()));
    assert_eq!(exceeded(&ben, 501, 1), Err("persistent_write_rate_per_address"));
    assert_eq!(exceeded(&ben, 500, 1), Ok(()));
    assert_eq!(exceeded(&cat, 501, 1), Err("persistent_write_rate"));
    assert_eq!(exceeded(&cat, 500, 1), Ok(()));
    // A small slot counts more than it has.
    assert_eq!((write_bytes(9, 11), write_bytes(9, 1_000)), (256, 1_041));
}

/// Whether the client is disconnected, and for which limit.
fn disconnected(state: &mut SharedObjectState) -> Option<(SubscriberId, &'static str)> {
    std::iter::from_fn(|| state.poll_effect()).find_map(|effect| match effect {
        Effect::Disconnect { subscriber, limit } => Some((subscriber, limit)),
        _ => None,
    })
}

#[test]
fn requests_that_wait_are_limited_over_all_objects_of_a_client() {
    let ledger = Ledger::new(0, 0);
    let limits = SharedObjectLimits::new().with_pending_bytes_per_client(2_000);
    let (ann, ben) = (client(&ledger, None), client(&ledger, None));
    let mut objects = [1, 2, 3].map(|_| {
        let mut state = SharedObjectState::new("a".into(), false, limits, None);
        state.add_share(1, Arc::clone(&ann));
        state.add_share(2, Arc::clone(&ben));
        state.request_lock(7);
        state
    });
    // 128 bytes for each message beside its own.
    let mut send = |object: usize, client: SubscriberId, size: usize| {
        let state: &mut SharedObjectState = &mut objects[object];
        state.queue_client_requests(client, AMF0, vec![set(0)], size);
        disconnected(state)
    };
    assert_eq!(send(0, 1, 1_000 - 128), None);
    assert_eq!(send(1, 1, 1_000 - 128), None);
    assert_eq!(send(2, 1, 0), Some((1, "pending_bytes_per_client")));
    // Another client's are its own.
    assert_eq!(send(2, 2, 5_000), None);
    assert_eq!(send(0, 2, 0), Some((2, "pending_bytes_per_client")));
    assert_eq!(ann.pending().bytes, 2_000);
    objects[0].unlock(7, None);
    assert_eq!((ann.pending().bytes, disconnected(&mut objects[0])), (1_000, None));
    // What need not wait is not counted.
    objects[0].queue_client_requests(1, AMF0, vec![set(0)], 50_000);
    assert_eq!((ann.pending().bytes, disconnected(&mut objects[0])), (1_000, None));
    drop(objects);
    assert_eq!((ann.pending().bytes, ben.pending().bytes), (0, 0));
}
