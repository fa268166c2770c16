//! Ids: of clients (`DSId`), of what they call from, and of messages.

use uuid::Uuid;

/// What a client sends that has no id yet.
const NONE: &str = "nil";

/// The end of the id of a client that reads small messages, so that nobody has to remember who does. The other 106
/// bits are random. Of ids that other servers gave, one in 65,536 ends like this, and only for those who meet this
/// server without a new ping.
const READS_SMALL: [u8; 2] = [0x53, 0x4D];
const READS_SMALL_TEXT: &str = "534D";

/// A new random id (version 4), in capitals as Flex writes them.
pub(super) fn unique() -> String {
    text(Uuid::new_v4())
}

/// A new id for a client.
pub(super) fn for_client(reads_small: bool) -> String {
    let mut bytes = Uuid::new_v4().into_bytes();
    let [.., high, low] = &mut bytes;
    if reads_small {
        [*high, *low] = READS_SMALL;
    } else if [*high, *low] == READS_SMALL {
        *low = !*low;
    }
    text(Uuid::from_bytes(bytes))
}

/// Whether an id is that of a client that reads small messages.
pub(super) fn reads_small(id: &str) -> bool {
    id.ends_with(READS_SMALL_TEXT) && bytes(id).is_some()
}

/// Whether a client asks for an id.
pub(super) fn is_none(id: &str) -> bool {
    id == NONE
}

/// The bytes of an id that comes back from them as it was.
pub(super) fn bytes(id: &str) -> Option<[u8; 16]> {
    let uuid = Uuid::try_parse(id).ok()?;
    (text(uuid) == id).then(|| uuid.into_bytes())
}

/// An id of its bytes.
pub(super) fn from_bytes(bytes: [u8; 16]) -> String {
    text(Uuid::from_bytes(bytes))
}

fn text(uuid: Uuid) -> String {
    uuid.hyphenated().encode_upper(&mut Uuid::encode_buffer()).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_id_says_who_reads_small_messages() {
        for _ in 0..1_000 {
            let (small, full) = (for_client(true), for_client(false));
            assert!(reads_small(&small), "{small}");
            assert!(!reads_small(&full), "{full}");
            for id in [&small, &full, &unique()] {
                assert_eq!(Uuid::try_parse(id).unwrap().get_version_num(), 4, "{id}");
            }
        }
        assert!(!reads_small("nil") && !reads_small(""));
    }

    #[test]
    fn only_what_comes_back_the_same_becomes_bytes() {
        let id = "00000001-AAAA-BBBB-CCCC-0000000000FF";
        let expected = [0, 0, 0, 1, 0xAA, 0xAA, 0xBB, 0xBB, 0xCC, 0xCC, 0, 0, 0, 0, 0, 0xFF];
        assert_eq!(bytes(id), Some(expected));
        assert_eq!(from_bytes(expected), id);
        let others = [&id.to_lowercase(), &id.replace('-', ""), &format!("{{{id}}}"), "x", ""];
        assert!(others.iter().all(|other| bytes(other).is_none()));
    }
}
