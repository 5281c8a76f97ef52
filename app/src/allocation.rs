//! How memory is taken from the system and given back.

/// Lets buffers of tensors be used again instead of being asked of the system anew at each step: on Linux a page that is
/// handed out is cleared first, and a training spends a fifth of its time on that. Buffers of whole scans still go back at once.
pub fn keep_buffers() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    {
        const MEBIBYTE: libc::c_int = 1 << 20;
        // SAFETY: called before any other thread exists; a value that is not accepted changes nothing.
        #[expect(unsafe_code, reason = "the C library has no other way to say so")]
        unsafe {
            libc::mallopt(libc::M_MMAP_THRESHOLD, 64 * MEBIBYTE);
            libc::mallopt(libc::M_TRIM_THRESHOLD, 512 * MEBIBYTE);
        }
    }
}
