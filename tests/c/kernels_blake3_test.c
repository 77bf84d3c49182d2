/* kernels_blake3_test.c: weft_blake3. */
#include "kernels_everywhere.h"

#define INPUT_BYTES 5000001
#define SHORT_BYTES 8192

struct vector {
    size_t bytes;
    const char *digest;
};

/* Digests of the input byte(i) = i % 251, as printed by b3sum, the tool of BLAKE3's
 * authors. The lengths up to 102400 are those of the official test vectors, whose
 * digests these are too; the last ones lie around the stretches that tasks share out. */
static const struct vector vectors[] = {
    {0, "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262"},
    {1, "2d3adedff11b61f14c886e35afa036736dcd87a74d27b5c1510225d0f592e213"},
    {2, "7b7015bb92cf0b318037702a6cdd81dee41224f734684c2c122cd6359cb1ee63"},
    {3, "e1be4d7a8ab5560aa4199eea339849ba8e293d55ca0a81006726d184519e647f"},
    {4, "f30f5ab28fe047904037f77b6da4fea1e27241c5d132638d8bedce9d40494f32"},
    {5, "b40b44dfd97e7a84a996a91af8b85188c66c126940ba7aad2e7ae6b385402aa2"},
    {6, "06c4e8ffb6872fad96f9aaca5eee1553eb62aed0ad7198cef42e87f6a616c844"},
    {7, "3f8770f387faad08faa9d8414e9f449ac68e6ff0417f673f602a646a891419fe"},
    {8, "2351207d04fc16ade43ccab08600939c7c1fa70a5c0aaca76063d04c3228eaeb"},
    {63, "e9bc37a594daad83be9470df7f7b3798297c3d834ce80ba85d6e207627b7db7b"},
    {64, "4eed7141ea4a5cd4b788606bd23f46e212af9cacebacdc7d1f4c6dc7f2511b98"},
    {65, "de1e5fa0be70df6d2be8fffd0e99ceaa8eb6e8c93a63f2d8d1c30ecb6b263dee"},
    {127, "d81293fda863f008c09e92fc382a81f5a0b4a1251cba1634016a0f86a6bd640d"},
    {128, "f17e570564b26578c33bb7f44643f539624b05df1a76c81f30acd548c44b45ef"},
    {129, "683aaae9f3c5ba37eaaf072aed0f9e30bac0865137bae68b1fde4ca2aebdcb12"},
    {1023, "10108970eeda3eb932baac1428c7a2163b0e924c9a9e25b35bba72b28f70bd11"},
    {1024, "42214739f095a406f3fc83deb889744ac00df831c10daa55189b5d121c855af7"},
    {1025, "d00278ae47eb27b34faecf67b4fe263f82d5412916c1ffd97c8cb7fb814b8444"},
    {2048, "e776b6028c7cd22a4d0ba182a8bf62205d2ef576467e838ed6f2529b85fba24a"},
    {2049, "5f4d72f40d7a5f82b15ca2b2e44b1de3c2ef86c426c95c1af0b6879522563030"},
    {3072, "b98cb0ff3623be03326b373de6b9095218513e64f1ee2edd2525c7ad1e5cffd2"},
    {3073, "7124b49501012f81cc7f11ca069ec9226cecb8a2c850cfe644e327d22d3e1cd3"},
    {4096, "015094013f57a5277b59d8475c0501042c0b642e531b0a1c8f58d2163229e969"},
    {4097, "9b4052b38f1c5fc8b1f9ff7ac7b27cd242487b3d890d15c96a1c25b8aa0fb995"},
    {5120, "9cadc15fed8b5d854562b26a9536d9707cadeda9b143978f319ab34230535833"},
    {5121, "628bd2cb2004694adaab7bbd778a25df25c47b9d4155a55f8fbd79f2fe154cff"},
    {6144, "3e2e5b74e048f3add6d21faab3f83aa44d3b2278afb83b80b3c35164ebeca205"},
    {6145, "f1323a8631446cc50536a9f705ee5cb619424d46887f3c376c695b70e0f0507f"},
    {7168, "61da957ec2499a95d6b8023e2b0e604ec7f6b50e80a9678b89d2628e99ada77a"},
    {7169, "a003fc7a51754a9b3c7fae0367ab3d782dccf28855a03d435f8cfe74605e7817"},
    {8192, "aae792484c8efe4f19e2ca7d371d8c467ffb10748d8a5a1ae579948f718a2a63"},
    {8193, "bab6c09cb8ce8cf459261398d2e7aef35700bf488116ceb94a36d0f5f1b7bc3b"},
    {16384, "f875d6646de28985646f34ee13be9a576fd515f76b5b0a26bb324735041ddde4"},
    {31744, "62b6960e1a44bcc1eb1a611a8d6235b6b4b78f32e7abc4fb4c6cdcce94895c47"},
    {102400, "bc3e3d41a1146b069abffad3c0d44860cf664390afce4d9661f7902e7943e085"},
    {65536, "68d647e619a930e7b1082f74f334b0c65a315725569bdc123f0ee11881717bfe"},
    {65537, "7c99f9840a73dfcb6e5bfe4ff6d1558acab7e015640790c26411818bdbe17eca"},
    {131072, "306baba93b1a393cbd35172837c98b0f59a41f64e1b2682ae102d8b2534b9e1c"},
    {131073, "f837d4254d24ba3d50fe3743d46e4af6db5f5d6ab0469197d94e7ba1e906c4d8"},
    {132096, "634220dc80860b6ea34faf04004bcfc299cb3fe54d8cc00e3cb1a57c3ce27338"},
    {200001, "8b682398b82e2a7b7b7a5a8a037303f13496af3073026bf71605a9dd10c5b900"},
    {1000003, "cd5a3272e01b1a2f47bb4565d8d202db0f95704d32550a2da61a0fd363d4c90d"},
    {4194304, "4e94e6f582581a0f3855f3ce504b153e951e65036fe9e2f010b7e25473c54f98"},
    {5000001, "f64c8ef65563cff7e1f2659717bf57b177401918900fe83d4f30f9540970a7ba"},
};

/* b3sum of the digests of the lengths 0..SHORT_BYTES, one after the other. */
static const char all_short_digest[] =
    "1ebec93c76705f401b4bccf87e06355f57afd312ad65d1f14e35273e9d3462f8";

static void to_text(const uint8_t digest[32], char text[65])
{
    for (int i = 0; i < 32; i++)
        snprintf(text + (ptrdiff_t)2 * i, 3, "%02x", digest[i]);
}

static void expect_digest(const uint8_t digest[32], const char *wanted, size_t bytes)
{
    char text[65];
    to_text(digest, text);
    if (strcmp(text, wanted) != 0)
        fprintf(stderr, "%zu bytes: %s, expected %s\n", bytes, text, wanted);
    EXPECT(strcmp(text, wanted) == 0);
}

static uint8_t *make_input(void)
{
    uint8_t *input = must_alloc(INPUT_BYTES);
    for (size_t i = 0; i < INPUT_BYTES; i++)
        input[i] = (uint8_t)(i % 251);
    return input;
}

static void check_vectors(void *context)
{
    uint8_t digest[32];
    for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++) {
        weft_blake3(context, vectors[i].bytes, digest);
        expect_digest(digest, vectors[i].digest, vectors[i].bytes);
        weft_blake3_serial(context, vectors[i].bytes, digest);
        expect_digest(digest, vectors[i].digest, vectors[i].bytes);
    }
}

static void digests_are_the_official_ones(void)
{
    uint8_t *input = make_input();
    everywhere(check_vectors, input);
    free(input);
}

static void every_short_length_is_right(void)
{
    uint8_t *input = make_input(), *digests = must_alloc((SHORT_BYTES + 1) * 32), digest[32];
    for (size_t bytes = 0; bytes <= SHORT_BYTES; bytes++)
        weft_blake3(input, bytes, digests + bytes * 32);
    weft_blake3_serial(digests, (SHORT_BYTES + 1) * 32, digest);
    expect_digest(digest, all_short_digest, (SHORT_BYTES + 1) * 32);
    free(input);
    free(digests);
}

static void check_random_lengths(void *context)
{
    const uint8_t *input = context;
    uint64_t noise[2 * 40];
    weft_fill_noise_u64(noise, 2 * 40, 9);
    for (int i = 0; i < 40; i++) {
        size_t start = noise[2 * i] % 64; /* of any alignment */
        size_t bytes = noise[2 * i + 1] % (i < 20 ? 300000 : INPUT_BYTES - 64);
        uint8_t parallel[32], serial[32];
        weft_blake3(input + start, bytes, parallel);
        weft_blake3_serial(input + start, bytes, serial);
        EXPECT(memcmp(parallel, serial, sizeof serial) == 0);
    }
}

static void any_length_and_alignment_gives_the_serial_digest(void)
{
    uint8_t *input = make_input();
    weft_fill_noise_u64((uint64_t *)(void *)input, INPUT_BYTES / 8, 8);
    everywhere(check_random_lengths, input);
    free(input);
}

static void alignment_does_not_change_the_digest(void)
{
    uint8_t *input = make_input(), *copy = must_alloc(10000 + 16), wanted[32], digest[32];
    weft_blake3(input, 10000, wanted);
    for (size_t shift = 0; shift < 16; shift++) {
        memcpy(copy + shift, input, 10000);
        weft_blake3(copy + shift, 10000, digest);
        EXPECT(memcmp(digest, wanted, sizeof wanted) == 0);
    }
    free(input);
    free(copy);
}

static void nothing_at_all_may_be_null(void)
{
    uint8_t digest[32];
    weft_blake3(NULL, 0, digest);
    expect_digest(digest, vectors[0].digest, 0);
    weft_blake3_serial(NULL, 0, digest);
    expect_digest(digest, vectors[0].digest, 0);
}

/* Feeds `bytes` bytes in pieces of the given size, 0: of pseudo-random ones. */
static void hash_in_pieces(const uint8_t *input, size_t bytes, size_t piece, uint8_t digest[32])
{
    weft_blake3_state state;
    uint64_t noise[256];
    weft_fill_noise_u64(noise, 256, bytes);
    weft_blake3_init(&state);
    for (size_t i = 0; bytes > 0; i++) {
        size_t size = piece;
        if (piece == 0) /* short and long ones */
            size = noise[i % 256] % (i % 3 == 0 ? 1000000 : 3000);
        if (size > bytes)
            size = bytes;
        weft_blake3_update(&state, input, size);
        input += size;
        bytes -= size;
    }
    weft_blake3_finish(&state, digest);
}

static void check_pieces(void *context)
{
    static const size_t pieces[] = {0, 63, 1023, 1024, 1025, 4096, 65536, 65537, 1048576, 5000001};
    const uint8_t *input = context;
    uint8_t digest[32];
    for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++) {
        for (size_t p = 0; p < sizeof pieces / sizeof pieces[0]; p++) {
            if (vectors[i].bytes > 200001 && pieces[p] > 0 && pieces[p] < 1024)
                continue;
            hash_in_pieces(input, vectors[i].bytes, pieces[p], digest);
            expect_digest(digest, vectors[i].digest, vectors[i].bytes);
        }
    }
}

static void input_in_pieces_of_any_size_gives_the_same_digest(void)
{
    uint8_t *input = make_input();
    everywhere(check_pieces, input);
    free(input);
}

static void a_digest_can_be_taken_on_the_way(void)
{
    uint8_t *input = make_input(), digest[32], wanted[32];
    weft_blake3_state *state = must_alloc(weft_blake3_state_bytes());
    weft_blake3_init(state);
    weft_blake3_finish(state, digest);
    expect_digest(digest, vectors[0].digest, 0);
    for (size_t bytes = 0; bytes < 9000; bytes += 300) {
        weft_blake3_update(state, input + bytes, 300);
        weft_blake3_update(state, NULL, 0);
        weft_blake3_finish(state, digest);
        weft_blake3_serial(input, bytes + 300, wanted);
        EXPECT(memcmp(digest, wanted, sizeof wanted) == 0);
    }
    free(state);
    free(input);
}

TEST_MAIN(TEST(digests_are_the_official_ones), TEST(every_short_length_is_right),
          TEST(any_length_and_alignment_gives_the_serial_digest),
          TEST(alignment_does_not_change_the_digest), TEST(nothing_at_all_may_be_null),
          TEST(input_in_pieces_of_any_size_gives_the_same_digest),
          TEST(a_digest_can_be_taken_on_the_way))
