//! Clients with their copies, the server's own side, and a store, in random schedules: messages wait on the way,
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
        8 => (client(), prop::collection::vec(write(), 1..4)).prop_map(|(client, writes)| Step::Ask(client, writes)),
        10 => client().prop_map(Step::Arrive),
        10 => client().prop_map(Step::Hear),
        3 => write().prop_map(Step::Serve),
        1 => Just(Step::Serve(Write::Set(REMOVED))),
        1 => Just(Step::Clear),
        2 => Just(Step::Lock),
        3 => write().prop_map(Step::Locked),
        2 => (0..KEYS).prop_map(Step::Count),
        3 => Just(Step::Unlock),
        1 => Just(Step::GiveUp),
        2 => Just(Step::Load),
        6 => prop::bool::weighted(0.75).prop_map(Step::Commit),
    ];
    prop::collection::vec(step, 1..100)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(500) })]

    #[test]
    fn all_come_to_the_same_and_nobody_was_told_wrong(steps in steps(), is_persistent: bool) {
        let mut world = World::new(is_persistent);
        for step in steps {
            world.step(step);
        }
        world.rest();
        world.check();
        world.check_disk();
        world.check_listeners();
    }
}
