// Room: CVectorKernels. Short runs of bytes that lie apart, put together.

// Both ends by words that may overlap: no run is read or written beyond itself.
INLINE void copy_ends(const size_t word, size_t bytes, const char *in, char *out) {
  char first[16], last[16];
  memcpy(first, in, word);
  memcpy(last, in + bytes - word, word);
  memcpy(out, first, word);
  memcpy(out + bytes - word, last, word);
}

INLINE void copy_run(size_t bytes, const char *in, char *out) {
  if (bytes > 16) {
    for (size_t i = 0; i + 16 < bytes; i += 16) memcpy(out + i, in + i, 16);
    memcpy(out + bytes - 16, in + bytes - 16, 16);
  } else if (bytes >= 8) {
    copy_ends(8, bytes, in, out);
  } else if (bytes >= 4) {
    copy_ends(4, bytes, in, out);
  } else {
    for (size_t i = 0; i < bytes; i++) out[i] = in[i];
  }
}

static void b8_runs(
    size_t rows, size_t n, size_t bytes, const void *source, ptrdiff_t in_pitch, ptrdiff_t step,
    void *target, ptrdiff_t out_pitch) {
  const char *line = source;
  char *place = target;
#define RUNS(size, copy)                                                   \
  for (; rows > 0; rows--, line += in_pitch, place += out_pitch) {         \
    const char *in = line;                                                 \
    char *out = place;                                                     \
    for (size_t i = 0; i < n; i++, in += step, out += size) copy;          \
  }
  switch (bytes) {
    case 4: RUNS(4, memcpy(out, in, 4)) break;
    case 8: RUNS(8, memcpy(out, in, 8)) break;
    case 12: RUNS(12, memcpy(out, in, 12)) break;
    case 16: RUNS(16, memcpy(out, in, 16)) break;
    case 32: RUNS(32, memcpy(out, in, 32)) break;
    case 64: RUNS(64, memcpy(out, in, 64)) break;
    default: RUNS(bytes, copy_run(bytes, in, out))
  }
#undef RUNS
}
