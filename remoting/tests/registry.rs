//! What services may stand side by side, and what the program is told when they may not.
#![allow(missing_docs, reason = "types of a user's program")]

use amf_core::{AmfClass, Class, Classes, DecodeError, Decoder, FromAmf};
use amf_remoting::service::{Method, Parameter, ServicesError};
use amf_remoting::{__private, IntoReply, Service, Services};

macro_rules! class {
    ($name:ident, $alias:literal, $member:literal) => {
        struct $name;

        impl AmfClass for $name {
            const CLASS: &'static Class = &Class::new($alias, &[$member]);
        }

        impl<'de> FromAmf<'de> for $name {
            fn from_amf(decoder: &mut Decoder<'de>) -> Result<Self, DecodeError> {
                decoder.skip()?;
                Ok(Self)
            }

            fn classes(classes: &mut Classes) {
                classes.add::<Self>();
            }
        }
    };
}

macro_rules! service {
    ($service:ident, $name:literal, $([$method:literal, $argument:ty]),*) => {
        struct $service;

        impl Service for $service {
            const NAME: &'static str = $name;
            const METHODS: &'static [Method<Self>] = &[$(
                Method::<Self>::new($method, |_, arguments, context| {
                    arguments.next::<$argument>("x")?;
                    __private::boxed_method(async move { IntoReply::into_reply((), &context) })
                })
                .parameters(const { &[Parameter::new::<$argument>("x", stringify!($argument))] })
            ),*];
        }
    };
}

class!(Player, "game.Player", "name");
class!(OtherPlayer, "game.Player", "nick");

service!(Game, "game", ["join", Player], ["leave", Player]);
service!(SecondGame, "game", ["start", f64]);
service!(Chat, "chat", ["say", OtherPlayer]);
service!(Chess, "chess", ["join", Player], ["move", f64]);
service!(Twice, "twice", ["say", f64], ["say", String]);
service!(Dotted, "com.example.Dotted", ["say", f64]);

#[test]
fn services_with_the_same_classes_stand_side_by_side() {
    let services = Services::new().try_add(Game).unwrap().try_add(Chess).unwrap();
    assert_eq!(services.names().collect::<Vec<_>>(), ["game", "chess"]);
}

#[test]
fn two_services_of_one_name() {
    let error = Services::new().add(Game).try_add(SecondGame).unwrap_err();
    assert_eq!(error, ServicesError::DuplicateService { name: "game" });
    assert_eq!(error.to_string(), "there are two services named `game`; give one of them another name");
}

#[test]
fn two_methods_of_one_name() {
    let error = Services::new().try_add(Twice).unwrap_err();
    assert_eq!(error.to_string(), "service `twice` has two methods named `say`; rename one of them");
}

#[test]
fn two_classes_of_one_alias() {
    let error = Services::new().add(Game).try_add(Chat).unwrap_err();
    assert_eq!(
        error.to_string(),
        "service `chat` takes a class with the alias `game.Player`, which another class has already; \
         a class that is read back must be the only one of its alias"
    );
}

#[test]
#[should_panic(expected = "there are two services named `game`")]
fn add_panics_with_the_same_words() {
    let _ = Services::new().add(Game).add(SecondGame);
}

#[test]
fn a_name_with_dots_is_found_with_slashes_too() {
    let services = Services::new().add(Dotted);
    for target in ["com.example.Dotted.say", "com/example/Dotted/say", "com/example/Dotted.say"] {
        assert!(services.signature(&target.into()).is_some(), "{target}");
    }
    assert!(services.signature(&"example.Dotted.say".into()).is_none());
}
