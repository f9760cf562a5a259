/* SPDX-License-Identifier: MIT */
/*
 * Runs a fuzz target over its corpus without a fuzzer, so that the ordinary test command replays
 * everything that was ever found. Arguments: folders or files.
 */
#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static int replay_file(const char *path)
{
	FILE *f = fopen(path, "rb");
	if (!f || fseek(f, 0, SEEK_END) < 0) {
		fprintf(stderr, "replay: %s: %s\n", path, strerror(errno));
		exit(1);
	}
	size_t len = (size_t)ftell(f);
	/* Exactly as large as the input, so that the sanitizer sees a read past its end. */
	uint8_t *data = malloc(len ? len : 1);
	rewind(f);
	if (!data || fread(data, 1, len, f) != len) {
		fprintf(stderr, "replay: %s: cannot read\n", path);
		exit(1);
	}
	fclose(f);
	LLVMFuzzerTestOneInput(data, len);
	free(data);
	return 1;
}

static int replay(const char *path)
{
	struct stat st;
	if (stat(path, &st) == 0 && !S_ISDIR(st.st_mode))
		return replay_file(path);
	DIR *dir = opendir(path);
	if (!dir) {
		fprintf(stderr, "replay: %s: %s\n", path, strerror(errno));
		exit(1);
	}
	int n = 0;
	for (struct dirent *e; (e = readdir(dir));) {
		char file[4096];
		if (e->d_name[0] == '.')
			continue;
		snprintf(file, sizeof(file), "%s/%s", path, e->d_name);
		n += replay_file(file);
	}
	closedir(dir);
	return n;
}

int main(int argc, char **argv)
{
	int n = 0;
	for (int i = 1; i < argc; i++)
		n += replay(argv[i]);
	printf("%s: %d inputs replayed\n", argv[0], n);
	if (n == 0) {
		fprintf(stderr, "replay: no input: an empty corpus tests nothing\n");
		return 1;
	}
	return 0;
}
