//! A service in words, as Flash Remoting's `DescribeService` asks for it.

use amf_core::{Class, EncodeError, Encoder, ToAmf};

use super::{Caller, Fault, Parameter, Signature};

/// What a caller may call of a service.
///
/// On the wire it is what Flash Remoting's service browser reads: `version`, `address` and `functions`, each with
/// `name`, `description`, `version`, `returns` and `arguments`, each of these with `name`, `required`, `type` and
/// `description`. Types are the Rust ones, as they are written.
#[derive(Clone, Debug)]
pub struct ServiceDescription {
    name: &'static str,
    methods: Vec<&'static Signature>,
}

impl ServiceDescription {
    pub(super) async fn for_caller(
        name: &'static str,
        signatures: impl Iterator<Item = &'static Signature>,
        caller: &Caller,
    ) -> Result<Self, Fault> {
        let mut methods = Vec::new();
        let mut refusal = None;
        for signature in signatures {
            match signature.access().check(caller).await {
                Ok(()) => methods.push(signature),
                Err(fault) => {
                    refusal.get_or_insert(fault);
                }
            }
        }
        match refusal {
            Some(fault) if methods.is_empty() => Err(fault),
            _ => Ok(Self { name, methods }),
        }
    }

    /// The service's name.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// The methods that the caller may call.
    pub fn methods(&self) -> impl Iterator<Item = &'static Signature> {
        self.methods.iter().copied()
    }
}

const DESCRIPTION_VERSION: &str = "1.0";

static SERVICE_CLASS: Class = Class::new("", &["version", "address", "functions"]);
static FUNCTION_CLASS: Class = Class::new("", &["description", "name", "version", "returns", "arguments"]);
static ARGUMENT_CLASS: Class = Class::new("", &["name", "required", "type", "description"]);

impl ToAmf for ServiceDescription {
    fn to_amf(&self, encoder: &mut Encoder) -> Result<(), EncodeError> {
        let functions: Vec<_> = self.methods().map(FunctionDescription).collect();
        encoder.begin_object(&SERVICE_CLASS)?;
        encoder.member(&SERVICE_CLASS, 0, DESCRIPTION_VERSION)?;
        encoder.member(&SERVICE_CLASS, 1, self.name)?;
        encoder.member(&SERVICE_CLASS, 2, &functions)?;
        encoder.end_object(&SERVICE_CLASS);
        Ok(())
    }
}

struct FunctionDescription(&'static Signature);

impl ToAmf for FunctionDescription {
    fn to_amf(&self, encoder: &mut Encoder) -> Result<(), EncodeError> {
        let arguments: Vec<_> = self.0.parameters().iter().map(ArgumentDescription).collect();
        encoder.begin_object(&FUNCTION_CLASS)?;
        encoder.member(&FUNCTION_CLASS, 0, self.0.docs())?;
        encoder.member(&FUNCTION_CLASS, 1, self.0.name())?;
        encoder.member(&FUNCTION_CLASS, 2, DESCRIPTION_VERSION)?;
        encoder.member(&FUNCTION_CLASS, 3, self.0.returns())?;
        encoder.member(&FUNCTION_CLASS, 4, &arguments)?;
        encoder.end_object(&FUNCTION_CLASS);
        Ok(())
    }
}

struct ArgumentDescription(&'static Parameter);

impl ToAmf for ArgumentDescription {
    fn to_amf(&self, encoder: &mut Encoder) -> Result<(), EncodeError> {
        encoder.begin_object(&ARGUMENT_CLASS)?;
        encoder.member(&ARGUMENT_CLASS, 0, self.0.name())?;
        encoder.member(&ARGUMENT_CLASS, 1, &!self.0.is_optional())?;
        encoder.member(&ARGUMENT_CLASS, 2, self.0.rust_type())?;
        encoder.member(&ARGUMENT_CLASS, 3, "")?;
        encoder.end_object(&ARGUMENT_CLASS);
        Ok(())
    }
}
