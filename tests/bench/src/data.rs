//! What is encoded and decoded. Always the same, and made without a random source.

use amf_core::{AmfObject, Date};
use serde::{Deserialize, Serialize};

/// W1: twelve members; `Text` is `String` or `&str`.
#[derive(AmfObject, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[amf(alias = "com.example.Player")]
#[serde(rename_all = "camelCase")]
pub struct Player<Text> {
    pub id: u32,
    pub display_name: Text,
    pub session: Text,
    pub guild: Text,
    pub rank: Text,
    pub level: i32,
    pub score: f64,
    pub accuracy: f64,
    pub online: bool,
    #[serde(with = "millis")]
    pub joined: Date,
    pub position: Position,
    pub banned_because: Option<Text>,
}

#[derive(AmfObject, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[amf(alias = "com.example.Position")]
pub struct Position {
    pub x: f64,
    pub y: f64,
}

/// Names and sessions are all different; guilds and ranks come again and again.
pub fn players() -> Vec<Player<String>> {
    const GUILDS: u32 = 20;
    const RANKS: [&str; 5] = ["member", "veteran", "officer", "leader", "guest"];
    let player = |id: u32| Player {
        id: 10_000 + id * 7,
        display_name: format!("Player {id:04}"),
        session: format!("{:016x}", u64::from(id + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15)),
        guild: format!("Guild of the {}", id * 7 % GUILDS),
        rank: RANKS[id as usize % RANKS.len()].to_owned(),
        level: id as i32 % 200 - 10,
        score: f64::from(id) * 12.25 + 0.5,
        accuracy: f64::from(id % 64) / 64.0,
        online: id.is_multiple_of(3),
        joined: Date::from_millis(1.5e12 + f64::from(id) * 1e6),
        position: Position { x: f64::from(id) * 0.25, y: f64::from(id) * -0.5 + 0.125 },
        banned_because: None,
    };
    (0..1_000).map(player).collect()
}

/// W2: numbers that are no integers, and whose decimals are exact.
pub fn doubles() -> Vec<f64> {
    (0..100_000).map(|i| f64::from(i) * 0.5 + 0.25).collect()
}

/// W2: integers of 1 to 28 bits, one in eight negative, in no order that a processor could learn.
pub fn integers() -> Vec<i32> {
    let mut state = 1_u64;
    let mut integer = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let mask = (2 << ((state >> 16) % 28)) - 1;
        let magnitude = (state >> 32) as i32 & mask;
        if state >> 61 == 0 { -magnitude } else { magnitude }
    };
    (0..100_000).map(|_| integer()).collect()
}

/// W3: what follows the name of the command `connect` and its transaction.
#[derive(AmfObject, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct Connect<Text> {
    pub app: Text,
    pub flash_ver: Text,
    pub swf_url: Text,
    pub tc_url: Text,
    pub fpad: bool,
    pub capabilities: f64,
    pub audio_codecs: f64,
    pub video_codecs: f64,
    pub video_function: f64,
    pub page_url: Text,
    pub object_encoding: f64,
}

/// W3: the three values of the command.
#[derive(Serialize, Deserialize, Clone, Debug, PartialEq)]
pub struct Command<Text>(pub Text, pub f64, pub Connect<Text>);

pub fn connect_command() -> Command<String> {
    let connect = Connect {
        app: "lobby/1".to_owned(),
        flash_ver: "WIN 32,0,0,465".to_owned(),
        swf_url: "https://play.example.com/client/release/4.2/lobby.swf".to_owned(),
        tc_url: "rtmp://play.example.com:1935/lobby/1".to_owned(),
        fpad: false,
        capabilities: 239.0,
        audio_codecs: 3_575.0,
        video_codecs: 252.0,
        video_function: 1.0,
        page_url: "https://play.example.com/games/lobby/index.html?room=overview".to_owned(),
        object_encoding: 3.0,
    };
    Command("connect".to_owned(), 1.0, connect)
}

/// W4: one mebibyte.
pub fn byte_array() -> Vec<u8> {
    (0..1_u32 << 20).map(|i| (i.wrapping_mul(0x9E37_79B9) >> 24) as u8).collect()
}

/// W5: an object in an object.
#[derive(AmfObject, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[amf(alias = "com.example.Node")]
pub struct Node {
    pub id: i32,
    pub label: String,
    pub child: Option<Box<Node>>,
}

/// One hundred of them.
pub fn nested() -> Node {
    let node = |id, child| Node { id, label: format!("node {id}"), child };
    (0..99).rev().fold(node(99, None), |child, id| node(id, Some(Box::new(child))))
}

/// W6: sixty texts of 4,000 bytes, most of their characters beyond ASCII.
pub fn texts() -> Vec<String> {
    const SENTENCE: &str =
        "Съешь же ещё этих мягких булок, да выпей чаю. いろはにほへと ちりぬるを 😀🎮 Zwölf Boxkämpfer ";
    let text = |number: usize| {
        let mut text = format!("{number:03}: ");
        text.extend(SENTENCE.chars().cycle().take(2_200));
        text.truncate(text.floor_char_boundary(4_000));
        text
    };
    (0..60).map(text).collect()
}

/// A date for serde, as the number that AMF writes.
mod millis {
    use amf_core::Date;
    use serde::{Deserialize, Deserializer, Serializer};

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes it so")]
    pub fn serialize<S: Serializer>(date: &Date, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(date.as_millis())
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Date, D::Error> {
        f64::deserialize(deserializer).map(Date::from_millis)
    }
}
