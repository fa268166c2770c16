//! Dates of chrono, UUIDs, and conversion between values and types, against bytes derived by hand.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

use std::sync::Arc;

use amf_core::{AmfObject, Date, Object, Value, Version, from_slice, from_value, to_value, to_vec};
use chrono::{DateTime, FixedOffset, TimeZone as _, Utc};
use proptest::prelude::*;
use uuid::Uuid;

const VERSIONS: [Version; 2] = [Version::Amf0, Version::Amf3];

mod chrono_date_times {
    use super::*;

    #[test]
    fn date_times_are_written_as_dates() {
        // 1970-01-01T00:00:01Z = 1000.0 = 40 8F 40. AMF0 §2.13: 0B, the double, a zone of 0; AMF3 §3.10: 08
        // 01.
        let moment = Utc.timestamp_opt(1, 0).unwrap();
        let amf0 = [0x0B, 0x40, 0x8F, 0x40, 0, 0, 0, 0, 0, 0, 0];
        let amf3 = [0x08, 0x01, 0x40, 0x8F, 0x40, 0, 0, 0, 0, 0];
        assert_eq!(to_vec(Version::Amf0, &moment).unwrap(), amf0);
        assert_eq!(to_vec(Version::Amf3, &moment).unwrap(), amf3);
        assert_eq!(from_slice::<DateTime<Utc>>(Version::Amf0, &amf0).unwrap(), moment);
        assert_eq!(from_slice::<DateTime<Utc>>(Version::Amf3, &amf3).unwrap(), moment);
        // The same instant in another zone, with a fraction of a millisecond.
        let elsewhere: DateTime<FixedOffset> = "1970-01-01T05:30:01.000999+05:30".parse().unwrap();
        assert_eq!(to_vec(Version::Amf3, &elsewhere).unwrap(), amf3);
        // Before 1970 the fraction is truncated towards the past, as in chrono.
        let before: DateTime<Utc> = "1969-12-31T23:59:58.9999Z".parse().unwrap();
        assert_eq!(Date::from(before), Date::from_millis(-1001.0));
    }

    #[test]
    fn dates_out_of_range_are_errors() {
        let read = |millis: f64| {
            let bytes = to_vec(Version::Amf3, &Date::from_millis(millis)).unwrap();
            from_slice::<DateTime<Utc>>(Version::Amf3, &bytes)
        };
        assert_eq!(read(0.6).unwrap().timestamp_millis(), 1);
        // The largest date of ECMAScript.
        assert_eq!(
            read(8.64e15).unwrap_err().to_string(),
            "expected a moment, got the date 8640000000000000 (at byte 10)"
        );
        for millis in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e300, -8.64e15] {
            assert!(read(millis).unwrap_err().to_string().starts_with("expected a moment, got the date "));
        }
        for moment in [DateTime::<Utc>::MIN_UTC, DateTime::<Utc>::MAX_UTC] {
            let bytes = to_vec(Version::Amf0, &moment).unwrap();
            let read: DateTime<Utc> = from_slice(Version::Amf0, &bytes).unwrap();
            assert_eq!(read.timestamp_millis(), moment.timestamp_millis());
        }
        let error = from_slice::<DateTime<Utc>>(Version::Amf3, &[4, 5]).unwrap_err();
        assert_eq!(error.to_string(), "expected Date, got Integer (at byte 2)");
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..Default::default() })]

        #[test]
        fn date_times_survive_a_round_trip(millis in -8_000_000_000_000_i64..8_000_000_000_000) {
            let moment = DateTime::from_timestamp_millis(millis).unwrap();
            for version in VERSIONS {
                prop_assert_eq!(from_slice::<DateTime<Utc>>(version, &to_vec(version, &moment).unwrap()).unwrap(), moment);
            }
        }
    }
}

mod uuids {
    use super::*;

    /// A UUID of RFC 9562, appendix A.4, in the form of `mx.utils.UIDUtil`.
    const FLEX: &str = "919108F7-52D1-4320-9BAC-F847DB4148A8";

    #[test]
    fn uuids_are_written_as_text_in_upper_case() {
        let uuid: Uuid = FLEX.parse().unwrap();
        // AMF0 §2.4: 02 and 16 bits of length; AMF3 §3.8: 06 and the length × 2 + 1.
        assert_eq!(to_vec(Version::Amf0, &uuid).unwrap(), [b"\x02\0\x24", FLEX.as_bytes()].concat());
        assert_eq!(to_vec(Version::Amf3, &uuid).unwrap(), [b"\x06\x49", FLEX.as_bytes()].concat());
    }

    #[test]
    fn uuids_are_read_in_every_usual_form() {
        let uuid: Uuid = FLEX.parse().unwrap();
        let lower = FLEX.to_lowercase();
        let forms = [
            FLEX.to_owned(),
            lower.clone(),
            lower.replace('-', ""),
            format!("{{{lower}}}"),
            format!("urn:uuid:{lower}"),
        ];
        for version in VERSIONS {
            for form in &forms {
                let bytes = to_vec(version, form).unwrap();
                assert_eq!(from_slice::<Uuid>(version, &bytes).unwrap(), uuid, "{form}");
            }
            let bytes = to_vec(version, &uuid.as_bytes()[..]).unwrap();
            assert_eq!(from_slice::<Uuid>(version, &bytes).unwrap(), uuid);
        }
    }

    #[test]
    fn other_text_is_no_uuid() {
        let error = |bytes: &[u8]| from_slice::<Uuid>(Version::Amf3, bytes).unwrap_err().to_string();
        assert_eq!(error(b"\x06\x03x"), "expected a UUID, got another string (at byte 3)");
        assert_eq!(error(&[0x0C, 5, 1, 2]), "expected a UUID, got a ByteArray of 2 (at byte 4)");
        assert_eq!(error(&[4, 5]), "expected a UUID, got Integer (at byte 2)");
    }
}

mod values_and_types {
    use super::*;

    #[derive(AmfObject, Clone, Debug, PartialEq)]
    #[amf(alias = "Room")]
    struct Room {
        id: Uuid,
        opened: DateTime<Utc>,
        seats: Vec<Arc<Seat>>,
    }

    #[derive(AmfObject, Clone, Debug, PartialEq)]
    struct Seat {
        row: u32,
    }

    #[test]
    fn conversion_to_and_from_values_keeps_sharing() {
        let seat = Arc::new(Seat { row: 1 });
        let opened = Utc.timestamp_opt(1, 0).unwrap();
        let room = Room { id: Uuid::nil(), opened, seats: vec![Arc::clone(&seat), seat] };
        let value = to_value(&room).unwrap();
        let object = value.as_object().unwrap();
        assert_eq!(object.alias(), "Room");
        assert_eq!(object.get("opened"), Some(&Value::from(Date::from_millis(1000.0))));
        assert_eq!(object.get("id"), Some(&Value::from("00000000-0000-0000-0000-000000000000")));
        let [Value::Object(first), Value::Object(second)] = object.get("seats").unwrap().as_list().unwrap()
        else {
            panic!()
        };
        assert!(Arc::ptr_eq(first, second));
        let back: Room = from_value(&value).unwrap();
        assert_eq!(back, room);
        assert!(Arc::ptr_eq(&back.seats[0], &back.seats[1]));
    }

    #[test]
    fn conversion_from_values_ignores_the_limits_of_input() {
        // More than the limits for messages allow: a string of 2 MiB, and 300,000 values.
        let text = "x".repeat(2 << 20);
        assert_eq!(to_value(&text).unwrap().as_str(), Some(&*text));
        assert_eq!(from_value::<String>(&Value::from(&*text)).unwrap(), text);
        let numbers: Vec<u32> = (0..300_000).collect();
        assert_eq!(from_value::<Vec<u32>>(&to_value(&numbers).unwrap()).unwrap(), numbers);
    }

    #[test]
    fn errors_of_conversion_have_a_path_and_no_offset() {
        let value = Value::from(Object::new().with("row", -1));
        let error = from_value::<Vec<Seat>>(&Value::from(vec![value])).unwrap_err();
        assert_eq!(error.to_string(), "[0].row: expected u32, got -1, which it cannot hold");
        assert_eq!(error.offset(), 0);
        let deep = (0..65).fold(Value::Null, |inner, _| Value::from(vec![inner]));
        let error = from_value::<Value>(&deep).unwrap_err();
        assert_eq!(error.to_string(), "the value is nested deeper than 64 levels");
        assert_eq!(
            to_value(&u64::MAX).unwrap_err().to_string(),
            to_vec(Version::Amf3, &u64::MAX).unwrap_err().to_string()
        );
    }
}
