# make with parallel jobs and its jobserver, gcc, ar, a program that is run.
# needs: make gcc ar
cat > Makefile <<'M'
all: prog
	./prog
prog: main.o lib.a
	gcc -o $@ $^
lib.a: a.o b.o c.o
	ar rcD $@ $^ 2>/dev/null
%.o: %.c
	@gcc -c -O1 $<
M
echo 'int a(void) { return 1; }' > a.c
echo 'int b(void) { return 2; }' > b.c
echo 'int c(void) { return 3; }' > c.c
printf '#include <stdio.h>\nint a(void), b(void), c(void);\nint main(void) { return !printf("%%d\\n", a() + b() + c()); }\n' > main.c
make -j3
make -j3
echo "make: $?"
echo 'int wrong(' > wrong.c
gcc -c wrong.c
echo "gcc: $?"
gcc -dumpmachine
sha256sum main.o
echo end of script
