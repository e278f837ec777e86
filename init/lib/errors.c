/* SPDX-License-Identifier: ISC */
/* The table is one text, because a pointer to each word would cost as much as
 * the word. */
#include "init/lib/errors.h"

#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "init/lib/format.h"

/* clang-format off */
static const struct {
	uint8_t number;
	char name[14];
} names[] = {
#define NAME(e) { e, #e }
	{ 0, "none" }, NAME(EPERM), NAME(ENOENT), NAME(ESRCH), NAME(EINTR),
	NAME(EIO), NAME(ENXIO), NAME(E2BIG), NAME(ENOEXEC), NAME(EBADF),
	NAME(ECHILD), NAME(EAGAIN), NAME(ENOMEM), NAME(EACCES), NAME(EFAULT),
	NAME(EBUSY), NAME(EEXIST), NAME(EXDEV), NAME(ENODEV), NAME(ENOTDIR),
	NAME(EISDIR), NAME(EINVAL), NAME(ENFILE), NAME(EMFILE), NAME(ENOTTY),
	NAME(ETXTBSY), NAME(EFBIG), NAME(ENOSPC), NAME(ESPIPE), NAME(EROFS),
	NAME(EMLINK), NAME(EPIPE), NAME(ERANGE), NAME(ENAMETOOLONG),
	NAME(ENOLCK), NAME(ENOSYS), NAME(ELOOP), NAME(EPROTO), NAME(EBADMSG),
	NAME(EOVERFLOW), NAME(ELIBBAD), NAME(ENOTSUP), NAME(ENOTCONN),
	NAME(ETIMEDOUT), NAME(ESTALE), NAME(EUCLEAN), NAME(EDQUOT),
	NAME(ENOKEY), NAME(EKEYREJECTED), NAME(EPROTOTYPE),
	NAME(EAFNOSUPPORT), NAME(EADDRINUSE), NAME(EADDRNOTAVAIL),
	NAME(ENETDOWN), NAME(ENETUNREACH), NAME(ECONNRESET), NAME(ENOBUFS),
	NAME(ECONNREFUSED), NAME(EHOSTUNREACH),
#undef NAME
};

/* In the order of names. */
static const char texts[] =
	"no error\0not permitted\0no such file or directory\0no such process\0"
	"interrupted\0input/output error\0no such device or address\0"
	"argument list too long\0not an executable format\0"
	"bad file descriptor\0no child process\0resource temporarily "
	"unavailable\0out of memory\0permission denied\0bad address\0"
	"busy\0file exists\0crosses file systems\0no such device\0"
	"not a directory\0is a directory\0invalid argument\0"
	"too many open files on the host\0too many open files\0"
	"not a terminal\0the file is being written\0file too large\0"
	"no space left on device\0cannot seek\0read-only file system\0"
	"too many links\0nobody reads it\0out of range\0name too long\0"
	"no locks left\0not supported by this kernel\0"
	"too many symbolic links\0protocol error\0not a valid document\0"
	"value too large\0broken library\0not supported\0not connected\0"
	"timed out\0stale file handle\0damaged file system\0"
	"quota exceeded\0key missing\0key rejected\0"
	"another kind of socket\0address family not supported\0"
	"already in use\0"
	"address not available\0network is down\0network unreachable\0"
	"connection reset\0no buffer space\0connection refused\0"
	"host unreachable\0";
/* clang-format on */

static const size_t known = sizeof(names) / sizeof(names[0]);

const char *errors_name(int err, char buf[ERRORS_NAME])
{
	for (size_t i = 0; i < known; i++)
		if (names[i].number == err)
			return names[i].name;
	format(buf, ERRORS_NAME, "errno %d", err);
	return buf;
}

const char *errors_text(int err)
{
	const char *text = texts;

	for (size_t i = 0; i < known; i++, text += strlen(text) + 1)
		if (names[i].number == err)
			return text;
	return "unknown error";
}
