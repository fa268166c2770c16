use amf_remoting::remoting_service;

struct Game;

use std::cell::Cell;

struct Shop(Cell<u32>);

#[remoting_service]
impl Shop {
    fn add(&self) {
        self.0.set(self.0.get() + 1);
    }
}

fn main() {}
