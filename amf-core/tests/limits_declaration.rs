//! Expansion of each part of a declaration by the macro that declares limits.

use std::time::Duration;

use amf_core::__private::limits::{LimitDeclaration, is_setter};

mod postbox {
    amf_core::__private::limits! {
        /// Limits on a postbox.
        pub(crate) struct PostboxLimits by new {
            /// Maximum number of letters that
            /// wait.
            letters, with_letters = 1_000 letters {
                /// The oldest one is removed.
                ///
                /// It is burnt.
            }

            /// Maximum length of an address.
            address_bytes, with_address_bytes = 80 bytes {}

            /// Maximum size of a letter.
            letter_bytes, with_letter_bytes = 64 KiB {}

            /// Maximum size of a parcel.
            parcel_bytes, with_parcel_bytes = 2 MiB {}

            /// Time for a delivery.
            deliver_timeout, with_deliver_timeout = 30 s {}

            /// Time between two looks.
            interval, with_interval = 20 ms {}
        }
    }
}

mod link {
    use super::postbox::PostboxLimits;

    amf_core::__private::limits! {
        /// Limits on a link.
        pub(crate) struct LinkLimits by server, client {
            /// Time for an answer.
            answer_timeout, with_answer_timeout = 5 s, client 1 min {}

            /// Silence before a ping.
            ping_interval, with_ping_interval = 10 s, client no limit {}

            /// Maximum number of calls.
            calls, with_calls = 256 calls {}

            /// Limits on what is read.
            postbox, with_postbox = PostboxLimits defaults {}
        }
    }
}

mod office {
    #[derive(Default)]
    pub(crate) struct Office {
        pub(crate) limits: OfficeLimits,
    }

    impl Office {
        fn change_limits(mut self, change: impl FnOnce(&mut OfficeLimits)) -> Self {
            change(&mut self.limits);
            self
        }
    }

    amf_core::__private::limits! {
        /// Limits on an office.
        pub(crate) struct OfficeLimits by new for Office::change_limits {
            /// Maximum number of visitors.
            max_visitors, max_visitors = 40 visitors {}

            /// Time after closing.
            closing_time, closing_time = 0 s {}
        }
    }
}

use link::LinkLimits;
use office::{Office, OfficeLimits};
use postbox::PostboxLimits;

#[test]
fn defaults_are_what_the_units_say() {
    let PostboxLimits {
        letters, address_bytes, letter_bytes, parcel_bytes, deliver_timeout, interval, ..
    } = PostboxLimits::default();
    assert_eq!([letters, address_bytes, letter_bytes, parcel_bytes], [1_000, 80, 65_536, 2_097_152]);
    assert_eq!([deliver_timeout, interval], [Duration::from_secs(30), Duration::from_millis(20)]);
}

#[test]
fn constructors_and_setters_are_constant() {
    const LIMITS: PostboxLimits = PostboxLimits::new().with_letters(3).with_interval(Duration::MAX);
    assert_eq!((LIMITS.letters, LIMITS.interval, LIMITS.letter_bytes), (3, Duration::MAX, 65_536));
}

#[test]
fn a_client_has_defaults_of_its_own() {
    let (server, client) = (LinkLimits::default(), LinkLimits::client());
    assert_eq!(server, LinkLimits::server());
    assert_eq!([server.answer_timeout, client.answer_timeout].map(|time| time.as_secs()), [5, 60]);
    assert_eq!([server.ping_interval, client.ping_interval], [Duration::from_secs(10), Duration::MAX]);
    assert_eq!((client.calls, client.postbox), (256, PostboxLimits::new()));
}

#[test]
fn setters_can_be_methods_of_what_the_limits_are_for() {
    let office = Office::default();
    assert_eq!((office.limits.max_visitors, office.limits.closing_time), (40, Duration::ZERO));
    let limits = office.max_visitors(2).closing_time(Duration::from_secs(1)).limits;
    assert_eq!((limits.max_visitors, limits.closing_time), (2, Duration::from_secs(1)));
}

#[test]
fn names_are_those_of_the_fields() {
    let names = PostboxLimits::NAMES;
    assert_eq!([names.letters, names.address_bytes], ["letters", "address_bytes"]);
    assert_eq!(OfficeLimits::NAMES.max_visitors, "max_visitors");
}

#[test]
fn declarations_say_what_a_page_needs() {
    let LimitDeclaration { name, setter, unit, default, client_default, bounds, excess } =
        PostboxLimits::DECLARATION.limits.first().unwrap();
    assert_eq!(PostboxLimits::DECLARATION.name, "PostboxLimits");
    assert_eq!([*name, *setter, *unit, *default], ["letters", "with_letters", "letters", "1_000 letters"]);
    assert_eq!(*client_default, None);
    assert_eq!(*bounds, [" Maximum number of letters that", " wait."]);
    assert_eq!(*excess, [" The oldest one is removed.", "", " It is burnt."]);
}

#[test]
fn declarations_say_units_and_defaults() {
    let of = |limits: &[LimitDeclaration]| -> Vec<_> {
        limits.iter().map(|limit| (limit.unit, limit.default, limit.client_default)).collect()
    };
    let expected = [
        ("letters", "1_000 letters", None),
        ("bytes", "80 bytes", None),
        ("bytes", "64 KiB", None),
        ("bytes", "2 MiB", None),
        ("time", "30 s", None),
        ("time", "20 ms", None),
    ];
    assert_eq!(of(PostboxLimits::DECLARATION.limits), expected);
    let expected = [
        ("time", "5 s", Some("1 min")),
        ("time", "10 s", Some("none")),
        ("calls", "256 calls", None),
        ("limits", "that of each in `PostboxLimits`", None),
    ];
    assert_eq!(of(LinkLimits::DECLARATION.limits), expected);
}

#[test]
fn a_setter_is_called_like_its_field() {
    assert!(is_setter("with_calls", "with_", "calls"));
    assert!(is_setter("calls", "", "calls"));
    for other in ["with_call", "with_callss", "calls", "wit_calls", "with_", ""] {
        assert!(!is_setter(other, "with_", "calls"), "{other}");
    }
}
