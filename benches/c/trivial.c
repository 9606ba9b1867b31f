/* The program whose start-up is measured (see spawn.c). */
int main(void) {
    return 0;
}
