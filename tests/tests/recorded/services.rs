//! What the recorded requests call.

use amf_core::from_value;
use amf_remoting::flex::Flex;
use amf_remoting::service::{Authenticator, Credentials, Header, HeaderValue, Principal};
use amf_remoting::{AmfObject, Caller, Fault, Gateway, Services, Value, remoting_service};

pub(crate) fn gateway() -> Gateway {
    let services =
        Services::new().add(RoundTrip).add(UserController).add(WritesController).add(Lab).add(TestController);
    Gateway::new(services.authenticator(Users)).flex(Flex::new())
}

/// The service of Zend's tests: it turns texts and lists around, and gives back what else it gets.
struct RoundTrip;

#[remoting_service(name = "RoundTrip")]
impl RoundTrip {
    fn return_array(&self, value: Vec<Value>) -> Vec<Value> {
        value.into_iter().rev().collect()
    }

    fn return_bool(&self, value: bool) -> bool {
        value
    }

    fn return_date(&self, value: Value) -> Value {
        value
    }

    fn return_int(&self, value: i32) -> i32 {
        value
    }

    fn return_null(&self, value: Value) -> Value {
        value
    }

    fn return_number(&self, value: f64) -> f64 {
        value
    }

    fn return_object(&self, value: Value) -> Value {
        value
    }

    fn return_reference(&self, _first: Value, second: Value) -> Value {
        second
    }

    fn return_string(&self, value: Value) -> Value {
        value.as_str().map_or(value.clone(), |text| text.chars().rev().collect::<String>().into())
    }

    fn return_undefined(&self, value: Value) -> Value {
        value
    }

    fn return_xml(&self, value: Value) -> Value {
        value
    }

    fn two_object(&self, _object: Value, number: i32) -> i32 {
        number
    }
}

/// The service of `RocketAMF`'s requests.
struct TestController;

#[remoting_service(name = "TestController")]
impl TestController {
    fn test(&self, first: String, second: String) -> String {
        format!("{first} {second}")
    }
}

struct WritesController;

#[remoting_service(name = "WritesController")]
impl WritesController {
    fn save(&self, value: bool) -> bool {
        value
    }
}

struct UserController;

#[remoting_service(name = "UserController")]
impl UserController {
    fn get_user(&self, user: &Principal, text: String) -> String {
        format!("{}: {text}", user.name())
    }
}

struct Users;

impl Authenticator for Users {
    async fn authenticate(&self, credentials: &Credentials, _: &Caller) -> Result<Option<Principal>, Fault> {
        let known = [("username", "password"), ("admin", "pw123"), ("u", "p")];
        let is_right = known.contains(&(credentials.user(), credentials.password()));
        Ok(is_right.then(|| Principal::new(credentials.user())))
    }
}

#[derive(AmfObject)]
#[amf(alias = "lab.Person")]
struct Person {
    age: i32,
    name: String,
}

/// The header of the captured requests.
#[derive(AmfObject)]
struct LabHeader(String);

impl HeaderValue for LabHeader {
    const NAME: &'static str = "LabHeader";
}

struct Lab;

#[remoting_service(name = "lab")]
impl Lab {
    /// Whoever sends the header sends credentials as well.
    fn add(
        &self,
        header: &Header<Option<LabHeader>>,
        user: &Option<Principal>,
        a: i32,
        b: i32,
    ) -> Result<i32, Fault> {
        match (&header.0, user) {
            (None, None) => Ok(a + b),
            (Some(LabHeader(value)), _) if value == "v1" => Ok(a + b),
            _ => Err(Fault::new("Lab.Headers", "others than were sent")),
        }
    }

    fn echo(&self, value: Value) -> Value {
        value
    }

    /// Of one, or of several.
    fn describe(&self, people: Value) -> Result<String, Fault> {
        let people = people.as_list().unwrap_or(std::slice::from_ref(&people));
        let described = people.iter().map(|person| {
            let person: Person = from_value(person).map_err(Fault::internal)?;
            Ok(format!("{} is {}", person.name, person.age))
        });
        described.collect::<Result<Vec<_>, Fault>>().map(|described| described.join(", "))
    }

    fn older(&self, person: Person) -> Person {
        Person { age: person.age + 1, ..person }
    }

    fn person(&self, name: String, age: i32) -> Person {
        Person { age, name }
    }

    fn fail(&self) -> Result<(), Fault> {
        Err(Fault::new("Lab.Failed", "as asked"))
    }
}
