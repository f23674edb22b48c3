//! Whose index is trusted: whoever can write it can leave out lines.

#[cfg(unix)]
pub(crate) use self::unix::Owner;
#[cfg(windows)]
pub(crate) use self::windows::Owner;
use super::stale::Stale;

impl Owner {
    /// Whether the user trusts an index with this owner. `text` is the owner of the text, who can write anything there
    /// anyway.
    ///
    /// # Errors
    ///
    /// The reason, if not.
    pub(crate) fn is_trusted_beside(&self, text: Option<&Owner>) -> Result<(), Stale> {
        if !(text.is_some_and(|text| self.is_same(text)) || self.is_privileged() || self.is_own()) {
            return Err(Stale::Foreign);
        }
        match self.is_open_to_more_than(text) {
            true => Err(Stale::Exposed),
            false => Ok(()),
        }
    }
}

#[cfg(unix)]
mod unix {
    use std::{
        fs::{File, Metadata},
        os::unix::fs::MetadataExt,
    };

    const WRITE_GROUP: u32 = 0o020;
    const WRITE_OTHERS: u32 = 0o002;

    /// The owner of a file, and who else can write it.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub(crate) struct Owner {
        user: u32,
        group: u32,
        mode: u32,
    }

    impl Owner {
        pub(crate) fn of(_: Option<&File>, metadata: &Metadata) -> Self {
            Owner { user: metadata.uid(), group: metadata.gid(), mode: metadata.mode() }
        }

        pub(super) fn is_same(&self, other: &Owner) -> bool {
            self.user == other.user
        }

        pub(super) fn is_privileged(&self) -> bool {
            self.user == 0
        }

        pub(super) fn is_own(&self) -> bool {
            self.user == rustix::process::geteuid().as_raw()
        }

        /// Whether somebody can write it who cannot write the text.
        pub(super) fn is_open_to_more_than(&self, text: Option<&Owner>) -> bool {
            let of_text = text.map_or(0, |text| match text.group == self.group {
                true => text.mode,
                false => text.mode & !WRITE_GROUP,
            });
            self.mode & !of_text & (WRITE_GROUP | WRITE_OTHERS) != 0
        }
    }
}

#[cfg(windows)]
mod windows {
    #![allow(unsafe_code)]

    use std::{
        fs::{File, Metadata},
        os::windows::io::AsRawHandle,
        ptr,
    };

    use windows_sys::Win32::{
        Foundation::{CloseHandle, ERROR_SUCCESS, HANDLE, LocalFree},
        Security::{
            Authorization::{GetSecurityInfo, SE_FILE_OBJECT},
            GetLengthSid, GetTokenInformation, IsWellKnownSid, OWNER_SECURITY_INFORMATION, PSECURITY_DESCRIPTOR, PSID,
            TOKEN_QUERY, TOKEN_USER, TokenUser, WinBuiltinAdministratorsSid, WinLocalSystemSid,
        },
        System::Threading::{GetCurrentProcess, OpenProcessToken},
    };

    /// The security identifier of the owner of a file; none if the file system has no owners.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub(crate) struct Owner(Option<Vec<u8>>);

    impl Owner {
        pub(crate) fn of(file: Option<&File>, _: &Metadata) -> Self {
            Owner(file.and_then(owner_of))
        }

        pub(super) fn is_same(&self, other: &Owner) -> bool {
            self == other
        }

        /// What an administrator makes with all rights belongs to the group of administrators, who can write
        /// everywhere.
        pub(super) fn is_privileged(&self) -> bool {
            let Some(sid) = &self.0 else { return false };
            let sid = sid.as_ptr().cast_mut().cast();
            // SAFETY: the bytes are those of a valid identifier, which is only read.
            [WinBuiltinAdministratorsSid, WinLocalSystemSid]
                .into_iter()
                .any(|known| unsafe { IsWellKnownSid(sid, known) } != 0)
        }

        pub(super) fn is_own(&self) -> bool {
            self.0.is_some() && self.0 == own()
        }

        /// Who can write the file is not looked up: an index has the rights that its directory gives.
        pub(super) fn is_open_to_more_than(&self, _: Option<&Owner>) -> bool {
            false
        }
    }

    fn owner_of(file: &File) -> Option<Vec<u8>> {
        let (mut sid, mut descriptor): (PSID, PSECURITY_DESCRIPTOR) = (ptr::null_mut(), ptr::null_mut());
        // SAFETY: the handle is open for the length of the call, and each pointer is to a place for what is asked for,
        // or null for what is not.
        let status = unsafe {
            GetSecurityInfo(
                file.as_raw_handle(),
                SE_FILE_OBJECT,
                OWNER_SECURITY_INFORMATION,
                &mut sid,
                ptr::null_mut(),
                ptr::null_mut(),
                ptr::null_mut(),
                &mut descriptor,
            )
        };
        if status != ERROR_SUCCESS {
            return None;
        }
        // SAFETY: the call made the identifier, or left the pointer null, and the descriptor that holds it is freed
        // below.
        let bytes = unsafe { bytes_of(sid) };
        // SAFETY: the call made the descriptor, into which `sid` points, and nothing of it is looked at from here on.
        unsafe { LocalFree(descriptor) };
        bytes
    }

    /// The user of this process.
    fn own() -> Option<Vec<u8>> {
        let mut token: HANDLE = ptr::null_mut();
        // SAFETY: the handle of the process needs no closing, and `token` is a place for a handle.
        if unsafe { OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &mut token) } == 0 {
            return None;
        }
        // In words, so that the structure at its start is aligned. An identifier has 68 bytes at most.
        let mut buffer = [0u64; 32];
        let mut len = 0;
        // SAFETY: the token is open, and the buffer has as many bytes as is said.
        let known = unsafe {
            GetTokenInformation(token, TokenUser, buffer.as_mut_ptr().cast(), size_of_val(&buffer) as u32, &mut len)
        };
        // SAFETY: the handle was opened here, and is closed once.
        unsafe { CloseHandle(token) };
        if known == 0 {
            return None;
        }
        // SAFETY: the call has written a TOKEN_USER to the start of the buffer, which is aligned for it and lives on.
        let user = unsafe { &*buffer.as_ptr().cast::<TOKEN_USER>() };
        // SAFETY: the call wrote the identifier into the buffer too, which lives on.
        unsafe { bytes_of(user.User.Sid) }
    }

    /// # Safety
    ///
    /// The pointer is null, or that of a valid identifier which lives for as long as the call.
    unsafe fn bytes_of(sid: PSID) -> Option<Vec<u8>> {
        if sid.is_null() {
            return None;
        }
        // SAFETY: the identifier is valid, as the caller promises, so that it has as many bytes as the system says.
        Some(unsafe { std::slice::from_raw_parts(sid.cast::<u8>(), GetLengthSid(sid) as usize) }.to_vec())
    }
}
