/** The kinds of job: each adds its type, its input and its mutation. */
import "./enrol.ts";
import "./add-images.ts";
import "./search.ts";
import "./recognize.ts";
import "./detect.ts";
import "./compare.ts";
import "./identify.ts";
