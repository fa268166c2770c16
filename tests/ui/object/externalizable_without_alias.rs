use amf_core::AmfObject;

use amf_core::{DecodeError, EncodeError, ExternalInput, ExternalOutput, Externalizable};

#[derive(AmfObject)]
#[amf(externalizable)]
struct Money(i32);

impl Externalizable for Money {
    fn read_external(input: &mut ExternalInput<'_, '_>) -> Result<Self, DecodeError> {
        input.read_i32().map(Self)
    }

    fn write_external(&self, output: &mut ExternalOutput<'_>) -> Result<(), EncodeError> {
        output.write_i32(self.0);
        Ok(())
    }
}

fn main() {}
