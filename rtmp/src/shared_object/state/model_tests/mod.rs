//! Clients with their replicas, the server's own side, and a store, in random schedules: messages wait on the way,
//! and only those of one connection keep their order.

mod client;
mod world;

use proptest::prelude::*;

use world::{CLIENTS, KEYS, REMOVED, Step, World, Write};

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let client = || 0..CLIENTS;
    let write = || {
        prop_oneof![
            6 => (0..KEYS).prop_map(Write::Set),
            1 => (0..KEYS).prop_map(Write::Null),
            2 => (0..=KEYS).prop_map(Write::Remove),
            1 => Just(Write::Send),
        ]
    };
    let step = prop_oneof![
        4 => client().prop_map(Step::Use),
        1 => client().prop_map(Step::Release),
        1 => client().prop_map(Step::Disconnect),
        8 => (client(), prop::collection::vec(write(), 1..4)).prop_map(|(client, writes)| Step::Write(client, writes)),
        10 => client().prop_map(Step::DeliverToServer),
        10 => client().prop_map(Step::DeliverToClient),
        3 => write().prop_map(Step::WriteAsServer),
        1 => Just(Step::WriteAsServer(Write::Set(REMOVED))),
        1 => Just(Step::Clear),
        2 => Just(Step::Lock),
        3 => write().prop_map(Step::WriteUnderLock),
        2 => (0..KEYS).prop_map(Step::ReadAndWriteUnderLock),
        3 => Just(Step::Unlock),
        1 => Just(Step::CancelLock),
        2 => Just(Step::Load),
        6 => prop::bool::weighted(0.75).prop_map(Step::Commit),
        1 => Just(Step::RefuseCommit),
    ];
    prop::collection::vec(step, 1..100)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(500) })]

    #[test]
    fn replicas_converge_and_every_answer_is_correct(steps in steps(), is_persistent: bool) {
        let mut world = World::new(is_persistent);
        for step in steps {
            world.step(step);
        }
        world.settle();
        world.check();
        world.check_disk();
        world.check_subscribers();
    }
}
