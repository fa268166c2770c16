//! Requests of 2 MiB, the most that a gateway takes by default: honest ones, and the most expensive ones known.

use amf_remoting::Version;
use amf_remoting::amf_core::packet::PacketWriter;

use crate::rows::{encoded, packet};
use crate::service::player;

/// Room for what stands around the arguments.
const MOST: usize = (2 << 20) - 64;

#[derive(Debug)]
pub struct Body {
    pub title: &'static str,
    request: fn() -> Vec<u8>,
    /// Whether the method is expected to be called.
    is_accepted: bool,
}

pub const BODIES: &[Body] = &[
    honest("one text of 1 MiB", || call("lab.echo", &encoded(Version::Amf3, &["x".repeat(1 << 20)]))),
    honest("typed records", || call("lab.echoPlayers", &records(Version::Amf3, 37_000))),
    honest("records as `Value`", || call("lab.echo", &records(Version::Amf3, 37_000))),
    honest("records as `Value`, AMF0", || call("lab.echo", &records(Version::Amf0, 15_000))),
    honest("262,000 integers as `Value`", || call("lab.echo", &list3(262_000, |_| vec![4, 7]))),
    honest("integers to a typed list", || call("lab.echoNumbers", &list3(262_000, |_| vec![4, 7]))),
    honest("100,000 different texts as `Value`", || call("lab.echo", &list3(100_000, text3))),
    honest("calls of 8 KiB each", || many_calls(240, 190)),
    honest("calls of 250 KiB each", || many_calls(8, 5_700)),
    hostile("131,000 empty sealed objects", || {
        call("lab.echo", &list3(131_000, |index| if index == 0 { vec![10, 3, 1] } else { vec![10, 1] }))
    }),
    hostile("texts of equal length and ends", || call("lab.echo", &list3(9_000, equal_ends))),
    hostile("references to a text that is not UTF-8", || call("lab.echo", &list3(130_000, not_utf8))),
    hostile("objects of a wide class", || call("lab.echo", &list3(1_800, wide_object))),
    hostile("two-byte objects with a long alias", || call("lab.echo", &list3(100_000, long_alias))),
    hostile("lists in one another", || call("lab.echo", &list3(4_000, |_| nested(60)))),
];

const fn honest(title: &'static str, request: fn() -> Vec<u8>) -> Body {
    Body { title, request, is_accepted: true }
}

/// What may also be refused by a limit.
const fn hostile(title: &'static str, request: fn() -> Vec<u8>) -> Body {
    Body { title, request, is_accepted: false }
}

impl Body {
    pub fn request(&self) -> Vec<u8> {
        let request = (self.request)();
        assert!(request.len() <= 2 << 20, "{}: {} bytes", self.title, request.len());
        request
    }

    pub fn has(&self, words: &[String]) -> bool {
        words.iter().all(|word| self.title.to_lowercase().contains(word))
    }

    /// Ends the run where an honest call fails.
    pub fn check(&self, reply: &[u8]) {
        let has = |text: &[u8]| reply.windows(text.len()).any(|window| window == text);
        let is_answered = has(b"/onResult") && !has(b"/onStatus");
        let start = &reply[..reply.len().min(300)];
        assert!(is_answered || !self.is_accepted, "{}: {}", self.title, start.escape_ascii());
        if !is_answered {
            eprintln!("{}: {}", self.title, start.escape_ascii());
        }
    }
}

fn call(target: &str, arguments: &[u8]) -> Vec<u8> {
    packet(3, target, arguments)
}

fn many_calls(count: usize, each: u32) -> Vec<u8> {
    let arguments = records(Version::Amf3, each);
    let mut packet = PacketWriter::new(3);
    for index in 0..count {
        packet.message("lab.echo", &format!("/{index}"), &arguments).expect("it is short");
    }
    packet.finish()
}

fn records(version: Version, count: u32) -> Vec<u8> {
    encoded(version, &[(0..count).map(player).collect::<Vec<_>>()])
}

/// One argument: an AMF3 list of elements, as many of them as fit.
fn list3(count: usize, element: impl Fn(usize) -> Vec<u8>) -> Vec<u8> {
    let mut elements = Vec::new();
    let mut written = 0;
    while written < count {
        let element = element(written);
        if elements.len() + element.len() > MOST {
            break;
        }
        elements.extend(element);
        written += 1;
    }
    // AMF0: a strict array of one element, which switches to AMF3.
    let mut arguments = vec![0x0A, 0, 0, 0, 1, 0x11, 9];
    arguments.extend(u29(written << 1 | 1));
    arguments.push(1);
    arguments.extend(elements);
    arguments
}

fn text3(index: usize) -> Vec<u8> {
    let text = format!("text {index:06}");
    [&[6, (text.len() << 1 | 1) as u8][..], text.as_bytes()].concat()
}

/// Texts that differ in their middle alone.
fn equal_ends(index: usize) -> Vec<u8> {
    let text = format!("{}{index:08}{}", "a".repeat(100), "z".repeat(100));
    [&[6][..], &u29(text.len() << 1 | 1), text.as_bytes()].concat()
}

/// A text of surrogates, once, and references to it.
fn not_utf8(index: usize) -> Vec<u8> {
    if index > 0 {
        return vec![6, 0];
    }
    let text = [0xED, 0xA0, 0x80].repeat(300_000);
    [&[6][..], &u29(text.len() << 1 | 1), &text].concat()
}

/// Objects of one class with 1,000 members, all null.
fn wide_object(index: usize) -> Vec<u8> {
    let mut object = vec![10];
    if index == 0 {
        object.extend(u29(1_000 << 4 | 3));
        object.push(1);
        for member in 0..1_000 {
            object.push(9);
            object.extend(format!("m{member:03}").as_bytes());
        }
    } else {
        object.push(1);
    }
    object.extend([1].repeat(1_000));
    object
}

fn long_alias(index: usize) -> Vec<u8> {
    if index > 0 {
        return vec![10, 1];
    }
    let alias = "a".repeat(1_000_000);
    [&[10, 3][..], &u29(alias.len() << 1 | 1), alias.as_bytes()].concat()
}

fn nested(depth: usize) -> Vec<u8> {
    let mut lists = [9, 3, 1].repeat(depth);
    lists.extend([9, 1, 1]);
    lists
}

/// An integer of AMF3, in its four-byte form.
fn u29(number: usize) -> [u8; 4] {
    let seven = |shift: usize| 0x80 | (number >> shift & 0x7F) as u8;
    [seven(22), seven(15), seven(8), number as u8]
}
