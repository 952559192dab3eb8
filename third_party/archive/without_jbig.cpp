// In the place of JBIG-KIT, which libtiff was built with: it is under the GPL, which a program that holds it
// would be too. A fax of that rare compression is refused as one that cannot be read.
extern "C" {

void jbg_dec_init(void*) {}
int jbg_dec_in(void*, unsigned char*, unsigned long, unsigned long*) {
  return 0x60;  // that it is of a form not implemented
}
unsigned char* jbg_dec_getimage(const void*, int) {
  return nullptr;
}
unsigned long jbg_dec_getsize(const void*) {
  return 0;
}
void jbg_dec_free(void*) {}
const char* jbg_strerror(int) {
  return "JBIG is not built in";
}
int jbg_newlen(unsigned char*, unsigned long) {
  return 0;
}
void jbg_enc_init(void*, unsigned long, unsigned long, int, unsigned char**, void*, void*) {}
void jbg_enc_out(void*) {}
void jbg_enc_free(void*) {}
}
