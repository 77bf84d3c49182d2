/* build.c: which program this is. Only equality matters; nothing here has to resist malice. */
#include "ranks.h"

#include <stdio.h>
#include <string.h>

uint64_t weft__mpi_mix(uint64_t digest, uint64_t word)
{
    uint64_t x = (digest ^ word) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 30) * UINT64_C(0x94d049bb133111eb);
    return x ^ x >> 31;
}

uint64_t weft__mpi_mix_text(const char *text)
{
    uint64_t digest = strlen(text);
    for (; *text != '\0'; text++)
        digest = weft__mpi_mix(digest + 1, (unsigned char)*text);
    return digest;
}

uint64_t weft__mpi_build_digest(void)
{
    uint64_t words[512], digest = 1;
    FILE *file = fopen("/proc/self/exe", "rb");
    if (file == NULL)
        return 0;
    size_t bytes;
    do {
        memset(words, 0, sizeof words);
        bytes = fread(words, 1, sizeof words, file);
        for (size_t i = 0; i < (bytes + 7) / 8; i++)
            digest = weft__mpi_mix(digest + 1, words[i]);
    } while (bytes == sizeof words);
    bool whole = !ferror(file);
    (void)fclose(file);
    return whole ? digest : 0;
}
