use amf_remoting::remoting_service;

struct Game;

#[remoting_service]
impl Game {
    async fn wait(&self) {
        let count = std::rc::Rc::new(3);
        std::future::ready(()).await;
        drop(count);
    }
}

fn main() {}
