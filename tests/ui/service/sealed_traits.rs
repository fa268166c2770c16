use amf_remoting::amf_core::{EncodeError, Encoder};
use amf_remoting::service::{Context, Plain, Reply};
use amf_remoting::{Fault, IntoReply, ToArguments};

struct Move;

impl ToArguments for Move {
    fn count(&self) -> usize {
        0
    }

    fn write(&self, _: &mut Encoder) -> Result<(), EncodeError> {
        Ok(())
    }
}

impl IntoReply<Plain> for Move {
    fn into_reply(self, _: &Context) -> Result<Reply, Fault> {
        Err(Fault::new("None", "none"))
    }
}

fn main() {}
