// rule: wordexp(3): expansions are the same in every thread, with and without a shell
// env: GEVENTRS_SLICE=5000
#include "../io/util.h"
#include <wordexp.h>

static void *all(void *arg) {
    static const char *words[] = {"a b 'c d'", "$HOME_OF_NOBODY x", "~root", "$(echo one two)", "`echo three`",
                                  "$((2 + 3))", "*.nothing", "a;b", "$(exit 3)", "\"$(printf '%s' 'x  y')\"", "$(("};
    (void)arg;
    for (unsigned i = 0; i < sizeof words / sizeof *words; i++)
        for (int flags = 0; flags <= WRDE_NOCMD; flags += WRDE_NOCMD) {
            wordexp_t w;
            int r = wordexp(words[i], &w, flags);
            printf("%s %d: %d", words[i], flags, r);
            for (size_t k = 0; r == 0 && k < w.we_wordc; k++) printf(" <%s>", w.we_wordv[k]);
            puts("");
            if (r == 0) wordfree(&w);
        }
    return NULL;
}

int main(void) {
    u_tick_start();
    u_join(u_spawn(all, NULL));
    u_tick_end();
    return 0;
}
