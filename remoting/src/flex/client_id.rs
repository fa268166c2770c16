//! Ids: of clients (`DSId`), of what they call from, and of messages.

use uuid::Uuid;

/// What a client sends that has no id yet.
const UNASSIGNED: &str = "nil";

/// The end of the id of a client that reads small messages, so that nobody has to remember who does. The other 106
/// bits are random. Of ids that other servers gave, one in 65,536 ends like this, and only for those who meet this
/// server without a new ping.
const SMALL_MESSAGES_BYTES: [u8; 2] = [0x53, 0x4D];
const SMALL_MESSAGES_SUFFIX: &str = "534D";

/// A new random id (version 4), in capitals as Flex writes them.
pub(super) fn generate() -> String {
    text(Uuid::new_v4())
}

/// A new id for a client.
pub(super) fn generate_for_client(reads_small: bool) -> String {
    let mut bytes = Uuid::new_v4().into_bytes();
    let [.., high, low] = &mut bytes;
    if reads_small {
        [*high, *low] = SMALL_MESSAGES_BYTES;
    } else if [*high, *low] == SMALL_MESSAGES_BYTES {
        *low = !*low;
    }
    text(Uuid::from_bytes(bytes))
}

/// Whether an id is that of a client that reads small messages.
pub(super) fn reads_small_messages(id: &str) -> bool {
    id.ends_with(SMALL_MESSAGES_SUFFIX) && to_bytes(id).is_some()
}

/// Whether a client asks for an id.
pub(super) fn is_unassigned(id: &str) -> bool {
    id == UNASSIGNED
}

/// The bytes of an id that comes back from them as it was.
pub(super) fn to_bytes(id: &str) -> Option<[u8; 16]> {
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
            let (small, full) = (generate_for_client(true), generate_for_client(false));
            assert!(reads_small_messages(&small), "{small}");
            assert!(!reads_small_messages(&full), "{full}");
            for id in [&small, &full, &generate()] {
                assert_eq!(Uuid::try_parse(id).unwrap().get_version_num(), 4, "{id}");
            }
        }
        assert!(!reads_small_messages("nil") && !reads_small_messages(""));
    }

    #[test]
    fn only_canonical_ids_become_bytes() {
        let id = "00000001-AAAA-BBBB-CCCC-0000000000FF";
        let expected = [0, 0, 0, 1, 0xAA, 0xAA, 0xBB, 0xBB, 0xCC, 0xCC, 0, 0, 0, 0, 0, 0xFF];
        assert_eq!(to_bytes(id), Some(expected));
        assert_eq!(from_bytes(expected), id);
        let others = [&id.to_lowercase(), &id.replace('-', ""), &format!("{{{id}}}"), "x", ""];
        assert!(others.iter().all(|other| to_bytes(other).is_none()));
    }
}
