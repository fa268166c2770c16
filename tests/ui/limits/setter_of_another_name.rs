amf_core::__private::limits! {
    /// Limits on mail.
    pub struct MailLimits by new {
        /// Maximum number of letters.
        letters, with_leters = 5 letters {
            /// The oldest one is removed.
        }
    }
}

fn main() {}
