/* SPDX-License-Identifier: ISC */
/* What inih stands on here. The Makefile includes this before ini.c and
 * nowhere else.
 *
 * dashpot reads files itself (init/loader/bounded_files.h), so the library's
 * own reading of files is never called. Its mere names would link the C
 * library's streams, with what closes them at exit. */
#ifndef INIT_LOADER_INIH_PORT_H
#define INIT_LOADER_INIH_PORT_H

#include <stdio.h>

#define fopen(name, mode) NULL
#define fclose(file) (void)(file)
#define fgets NULL

#endif
