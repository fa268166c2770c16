//! A service with a method for each thing that can happen, as the macro would expand it.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use amf_remoting::service::{Method, Parameter};
use amf_remoting::{__private, CallError, Caller, Client, Fault, FromCaller, Gateway, Group, IntoReply};
use amf_remoting::{Service, Services, Value};

/// What happened, in order, and whom the methods kept.
#[derive(Clone, Default)]
pub struct Probe {
    pub events: Arc<Mutex<Vec<String>>>,
    pub kept: Arc<Mutex<Vec<Client>>>,
    pub group: Group,
}

impl Probe {
    pub fn services(&self) -> Services {
        Services::new().add(self.clone())
    }

    pub fn gateway(&self) -> Gateway {
        Gateway::new(self.services())
    }

    pub fn note(&self, event: impl Into<String>) {
        self.events.lock().unwrap_or_else(PoisonError::into_inner).push(event.into());
    }

    pub fn take_events(&self) -> Vec<String> {
        std::mem::take(&mut *self.events.lock().unwrap_or_else(PoisonError::into_inner))
    }

    async fn sleep(&self, name: String, seconds: f64) -> String {
        self.note(format!("+{name}"));
        tokio::time::sleep(Duration::from_secs_f64(seconds)).await;
        self.note(format!("-{name}"));
        name
    }

    fn fail(&self, code: String) -> Result<f64, Fault> {
        self.note("fail");
        Err(Fault::new(code, "as asked"))
    }

    fn tell(&self, client: &Client, text: &str) -> Result<bool, CallError> {
        self.kept.lock().unwrap().push(client.clone());
        client.notify("said", (text, 1.0))?;
        Ok(true)
    }

    fn keep(&self, client: &Client) -> f64 {
        self.group.add(client);
        self.kept.lock().unwrap().push(client.clone());
        1.0
    }

    fn tell_group(&self, text: &str) -> Result<bool, CallError> {
        self.group.notify("heard", (text,))?;
        Ok(true)
    }
}

/// Panics when it is decoded: what a faulty `FromAmf` of a program would do.
struct PanicsWhenDecoded;

impl<'de> amf_remoting::FromAmf<'de> for PanicsWhenDecoded {
    fn from_amf(_: &mut amf_core::Decoder<'de>) -> Result<Self, amf_core::DecodeError> {
        panic!("while decoding")
    }
}

impl Service for Probe {
    const NAME: &'static str = "probe";
    const METHODS: &'static [Method<Self>] = &[
        Method::<Self>::new("echo", |_, arguments, context| {
            let value = arguments.next::<Value>("value")?;
            __private::boxed_method(async move { IntoReply::into_reply(value, &context) })
        })
        .parameters(const { &[Parameter::new::<Value>("value", "Value")] }),
        Method::<Self>::new("add", |service, arguments, context| {
            let a = arguments.next::<f64>("a")?;
            let b = arguments.next::<f64>("b")?;
            __private::boxed_method(async move {
                service.note(format!("add {a} {b}"));
                IntoReply::into_reply(a + b, &context)
            })
        })
        .parameters(const { &[Parameter::new::<f64>("a", "f64"), Parameter::new::<f64>("b", "f64")] }),
        Method::<Self>::new("greet", |_, arguments, context| {
            let name = arguments.next::<String>("name")?;
            let title = arguments.next::<Option<String>>("title")?;
            __private::boxed_method(async move {
                let greeting = format!("hello {}{name}", title.map(|title| title + " ").unwrap_or_default());
                IntoReply::into_reply(greeting, &context)
            })
        })
        .parameters(
            const {
                &[
                    Parameter::new::<String>("name", "String"),
                    Parameter::new::<Option<String>>("title", "Option<String>"),
                ]
            },
        ),
        Method::<Self>::new("nothing", |_, _, context| {
            __private::boxed_method(async move { IntoReply::into_reply((), &context) })
        }),
        Method::<Self>::new("sleep", |service, arguments, context| {
            let name = arguments.next::<String>("name")?;
            let seconds = arguments.next::<f64>("seconds")?;
            __private::boxed_method(async move {
                IntoReply::into_reply(service.sleep(name, seconds).await, &context)
            })
        })
        .parameters(
            const { &[Parameter::new::<String>("name", "String"), Parameter::new::<f64>("seconds", "f64")] },
        ),
        Method::<Self>::new("overlap", |service, arguments, context| {
            let name = arguments.next::<String>("name")?;
            let seconds = arguments.next::<f64>("seconds")?;
            __private::boxed_method(async move {
                IntoReply::into_reply(service.sleep(name, seconds).await, &context)
            })
        })
        .parameters(
            const { &[Parameter::new::<String>("name", "String"), Parameter::new::<f64>("seconds", "f64")] },
        )
        .concurrent(),
        Method::<Self>::new("fail", |service, arguments, context| {
            let code = arguments.next::<String>("code")?;
            __private::boxed_method(async move { IntoReply::into_reply(service.fail(code), &context) })
        })
        .parameters(const { &[Parameter::new::<String>("code", "String")] }),
        Method::<Self>::new("explode", |service, _, context| {
            __private::boxed_method(async move {
                // Poisons the lock, as a panic in the middle of a change would.
                let _guard = service.events.lock().unwrap_or_else(PoisonError::into_inner);
                assert!(service.kept.lock().unwrap().len() > 1_000, "with a secret in it");
                IntoReply::into_reply((), &context)
            })
        }),
        Method::<Self>::new("explodeEarly", |_, arguments, context| {
            let _ = arguments.next::<PanicsWhenDecoded>("value")?;
            __private::boxed_method(async move { IntoReply::into_reply((), &context) })
        })
        .parameters(const { &[Parameter::new::<PanicsWhenDecoded>("value", "Explosive")] }),
        Method::<Self>::new("tell", |service, arguments, context| {
            let text = arguments.next::<String>("text")?;
            __private::boxed_method(async move {
                let client = <Client as FromCaller>::from_caller(context.caller()).await?;
                IntoReply::into_reply(service.tell(&client, &text), &context)
            })
        })
        .parameters(const { &[Parameter::new::<String>("text", "String")] }),
        Method::<Self>::new("keep", |service, _, context| {
            __private::boxed_method(async move {
                let client = <Client as FromCaller>::from_caller(context.caller()).await?;
                IntoReply::into_reply(service.keep(&client), &context)
            })
        }),
        Method::<Self>::new("tellGroup", |service, arguments, context| {
            let text = arguments.next::<String>("text")?;
            __private::boxed_method(async move { IntoReply::into_reply(service.tell_group(&text), &context) })
        })
        .parameters(const { &[Parameter::new::<String>("text", "String")] }),
        Method::<Self>::new("ask", |_, _, context| {
            __private::boxed_method(async move {
                let client = <Client as FromCaller>::from_caller(context.caller()).await?;
                let answer: Result<f64, CallError> = client.invoke("ping", ()).await;
                IntoReply::into_reply(answer, &context)
            })
        }),
        Method::<Self>::new("header", |_, arguments, context| {
            let name = arguments.next::<String>("name")?;
            __private::boxed_method(async move {
                let caller = <Caller as FromCaller>::from_caller(context.caller()).await?;
                IntoReply::into_reply(caller.header(&name).cloned(), &context)
            })
        })
        .parameters(const { &[Parameter::new::<String>("name", "String")] }),
        Method::<Self>::new("path", |_, _, context| {
            __private::boxed_method(async move {
                let path = context
                    .caller()
                    .extension::<http::request::Parts>()
                    .map(|head| head.uri.path().to_owned());
                IntoReply::into_reply(path, &context)
            })
        }),
    ];
}
