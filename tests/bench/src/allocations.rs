//! Counts allocations, without a price for whoever allocates much.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

static ENABLED: AtomicBool = AtomicBool::new(false);
static COUNT: AtomicU64 = AtomicU64::new(0);

/// How often `operation` allocates or reallocates. It must stay on this thread, the only one.
pub fn count(operation: impl FnOnce()) -> u64 {
    COUNT.store(0, Relaxed);
    ENABLED.store(true, Relaxed);
    operation();
    ENABLED.store(false, Relaxed);
    COUNT.load(Relaxed)
}

/// The system's allocator. While nothing is counted, it costs one load more than without this.
struct Counting;

impl Counting {
    #[inline]
    fn note() {
        if ENABLED.load(Relaxed) {
            COUNT.store(COUNT.load(Relaxed) + 1, Relaxed);
        }
    }
}

#[expect(unsafe_code, reason = "an allocator cannot be written without; each call is only passed on")]
// SAFETY: the system's allocator keeps the promises; arguments and results are its own.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        Self::note();
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        Self::note();
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        Self::note();
        unsafe { System.realloc(pointer, layout, size) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        unsafe { System.dealloc(pointer, layout) }
    }
}
