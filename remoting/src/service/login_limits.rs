//! Limits on attempts to log in.

amf_core::__private::limits! {
    /// Limits on attempts to log in: on credentials that reach the [`Authenticator`](super::Authenticator).
    ///
    /// Credentials come with the AMF header `Credentials`, with HTTP Basic, with a message or a login command of Flex, or
    /// from a method by [`Caller::login_with`](super::Caller::login_with). An attempt over a limit receives the fault
    /// `Client.Authentication.TooManyAttempts` (over Flex `Client.Authentication`), which names the limit and says when
    /// to try again; the authenticator is not asked. Sessions, that is
    /// [`authenticate_session`](super::Authenticator::authenticate_session), have no such limits.
    ///
    /// Failures are counted by the caller's [address](super::Caller::address), all of a /64 of IPv6 as one. A success
    /// takes back the failures of the same user from the same address, and no others: otherwise, who has one account
    /// could guess at another one without end. Credentials that were right are checked again without delay, so a
    /// client that sends them with each packet is not hindered by others behind its address.
    ///
    /// ```
    /// use amf_remoting::Services;
    /// use amf_remoting::service::LoginLimits;
    ///
    /// let services = Services::new().login_limits(LoginLimits::new().with_login_failures(3));
    /// # let _ = services;
    /// ```
    pub struct LoginLimits by new {
        /// Maximum number of attempts of one packet, and of one connection in a minute.
        login_attempts, with_login_attempts = 8 attempts {
            /// Further attempts are refused. Messages of one packet that repeat the same credentials are one attempt.
            ///
            /// So many passwords a packet could otherwise have checked as it has messages, and a good hash of a password
            /// takes a processor for 100 ms.
        }

        /// Maximum number of failed attempts from one address without a delay.
        login_failures, with_login_failures = 10 failures {
            /// Each further failure starts a delay, in which attempts from the address are refused.
            ///
            /// `usize::MAX` means that failures are not counted.
            ///
            /// As many attempts of one address are checked at a time; others wait. Those that were being checked when
            /// the limit was reached are completed.
        }

        /// Delay that begins with the last failure that `login_failures` allows. It doubles with each further one.
        login_delay, with_login_delay = 1 s {
            /// Attempts are refused until the delay is over, and do not prolong it.
        }

        /// Maximum delay between failed attempts from one address.
        max_login_delay, with_max_login_delay = 5 min {
            /// The delay does not grow further.
        }

        /// Time without a failed attempt after which the failures of an address are forgotten.
        login_memory, with_login_memory = 60 min {
            /// The next failure is the first one.
        }

        /// Maximum number of addresses that are remembered.
        login_addresses, with_login_addresses = 10_000 addresses {
            /// The address whose last attempt is the longest ago is replaced. If it had failures, addresses of its
            /// network (/24, or /48 of IPv6) that are not remembered make one attempt a second together, and have no
            /// failure without a delay: the owner of many addresses gains nothing by having his own ones forgotten.
        }
    }
}
