use amf_remoting::remote_client;

#[remote_client]
trait GameEvents {
    #[remote(role = "admin")]
    fn player_joined(&self);
}

fn main() {}
