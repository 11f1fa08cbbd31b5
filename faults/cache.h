/**
 * @file cache.h
 * What a power cut takes from a file system, at its worst: names that were changed since their directory was synced,
 * and contents that were written since their file was. One thread. Paths are absolute; files are small.
 */
#pragma once

#include <stdbool.h>

/** Notes that the file or directory @p path is about to be made, replaced, truncated or removed. */
void cache_note_name(const char *path);

/** Notes that the file @p path has contents that are not synced, or that they are now. */
void cache_note_contents(const char *path, bool synced);

/** Notes that the file @p from is called @p to now. */
void cache_note_rename(const char *from, const char *to);

/** Notes that the names in the directory @p path are synced. */
void cache_note_directory_synced(const char *path);

/** Takes away all that is not synced. */
void cache_drop(void);
