npx prosopon enrol people # people/<name>/<photo>.jpg
npx prosopon search visitor.jpg
npx prosopon recognize visitor.jpg --external-id "Ada Lovelace"
