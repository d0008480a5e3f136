//! Python's random numbers (Mersenne Twister), so that a seed gives the same choice as in the reference.

use num_bigint::BigInt;
use num_traits::Signed;
use sha2::Digest as _;

use crate::{
    repr,
    rt::{Res, Rt},
};

const N: usize = 624;

/// A generator with Python's sequence for a seed.
pub(crate) struct Chance {
    state: [u32; N],
    at: usize,
}

impl Chance {
    /// From a seed as `random.seed` takes it, or from the system without one.
    pub(crate) fn new(seed: Option<&Rt>) -> Res<Self> {
        use rand::RngExt as _;
        let key = match seed {
            None => (0..8).map(|_| rand::rng().random()).collect(),
            Some(seed) => match seed.as_big() {
                Some(number) => number.abs().magnitude().to_u32_digits(),
                None => {
                    // Text is followed by its SHA-512; both together are one large number.
                    let text = repr::text(seed)?;
                    let mut bytes = text.as_bytes().to_vec();
                    bytes.extend(sha2::Sha512::digest(text.as_bytes()));
                    BigInt::from_bytes_be(num_bigint::Sign::Plus, &bytes).magnitude().to_u32_digits()
                }
            },
        };
        Ok(Self::from_key(if key.is_empty() { &[0] } else { &key }))
    }

    fn from_key(key: &[u32]) -> Self {
        let mut mt = [0u32; N];
        mt[0] = 19_650_218;
        for i in 1..N {
            mt[i] = 1_812_433_253u32.wrapping_mul(mt[i - 1] ^ mt[i - 1] >> 30).wrapping_add(i as u32);
        }
        let (mut i, mut j) = (1, 0);
        for _ in 0..N.max(key.len()) {
            mt[i] = (mt[i] ^ (mt[i - 1] ^ mt[i - 1] >> 30).wrapping_mul(1_664_525))
                .wrapping_add(key[j])
                .wrapping_add(j as u32);
            i += 1;
            j += 1;
            if i >= N {
                mt[0] = mt[N - 1];
                i = 1;
            }
            if j >= key.len() {
                j = 0;
            }
        }
        for _ in 0..N - 1 {
            mt[i] =
                (mt[i] ^ (mt[i - 1] ^ mt[i - 1] >> 30).wrapping_mul(1_566_083_941)).wrapping_sub(i as u32);
            i += 1;
            if i >= N {
                mt[0] = mt[N - 1];
                i = 1;
            }
        }
        mt[0] = 0x8000_0000;
        Self { state: mt, at: N }
    }

    fn next(&mut self) -> u32 {
        if self.at >= N {
            for k in 0..N {
                let y = self.state[k] & 0x8000_0000 | self.state[(k + 1) % N] & 0x7fff_ffff;
                let odd = if y & 1 == 1 { 0x9908_b0df } else { 0 };
                self.state[k] = self.state[(k + 397) % N] ^ y >> 1 ^ odd;
            }
            self.at = 0;
        }
        let mut y = self.state[self.at];
        self.at += 1;
        y ^= y >> 11;
        y ^= y << 7 & 0x9d2c_5680;
        y ^= y << 15 & 0xefc6_0000;
        y ^ y >> 18
    }

    fn bits(&mut self, count: u32) -> u64 {
        if count <= 32 {
            return u64::from(self.next() >> (32 - count));
        }
        let low = u64::from(self.next());
        low | u64::from(self.next() >> (64 - count)) << 32
    }

    /// A number below a limit, as `Random._randbelow` finds it.
    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        if limit == 0 {
            return 0;
        }
        let count = 64 - limit.leading_zeros();
        loop {
            let found = self.bits(count);
            if found < limit {
                return found;
            }
        }
    }
}
