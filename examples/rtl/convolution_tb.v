// A convolution with requantisation by shifts, against the vectors that `dynafix export vectors` writes.
//
//   dynafix export vectors model.program --data samples/ --limit 2 -o vectors
//   iverilog -g2005 -I vectors/002_conv1 -o vectors/002_conv1/tb examples/rtl/convolution_tb.v
//   (cd vectors/002_conv1 && vvp -n tb)
//
// To check your own unit, put it in the place of `requantize`, or of the loops that feed it.

// One accumulator to one code: round(sum / 2^shift), overflow, clamp; docs/arithmetic.md sections 2 to 4.
module requantize (sum, shift, code);
  `include "parameters.vh"
  input signed [SUM_BITS-1:0] sum;
  input signed [15:0] shift;
  output reg signed [Y_BITS:0] code;

  // Wide enough for every shift to the left that a format can need.
  localparam WIDE = SUM_BITS + 64;
  reg signed [WIDE-1:0] a, half, rest, odd, v;
  wire signed [WIDE-1:0] negative = sum < 0;

  always @* begin
    a = sum;
    half = 0;
    rest = 0;
    odd = 0;
    if (shift <= 0) v = a <<< -shift;
    else begin
      half = 1;
      half = half <<< (shift - 1);
      rest = 2 * half - 1;
      odd = (a >>> shift) & 1;
      case (ROUNDING)
        0: v = a;                              // floor
        1: v = a + rest;                       // ceiling
        2: v = a + (negative ? rest : 0);      // towardZero
        3: v = a + (negative ? 0 : rest);      // awayFromZero
        4: v = a + half - 1 + odd;             // halfEven
        5: v = a + half;                       // halfTowardPositive
        6: v = a + half - 1;                   // halfTowardNegative
        7: v = a + half - negative;            // halfAwayFromZero
        8: v = a + half - 1 + negative;        // halfTowardZero
        9: v = a + half - 1 + (odd | negative); // halfEvenPositiveHalfUpNegative
        default: v = {WIDE{1'bx}};
      endcase
      v = v >>> shift;
    end
    v = v + Y_ZERO;
    if (WRAPS) begin
      v = v & ((1 << Y_BITS) - 1);
      if (Y_SIGNED && v > HIGH) v = v - (1 << Y_BITS);
    end else begin
      if (v < LOW) v = LOW;
      if (v > HIGH) v = HIGH;
    end
    if (v < CLAMP_LOW) v = CLAMP_LOW;
    if (v > CLAMP_HIGH) v = CLAMP_HIGH;
    code = v[Y_BITS:0];
  end
endmodule

module convolution_tb;
  `include "parameters.vh"
  localparam DEPTH = CHANNELS / GROUPS;

  reg [X_BITS-1:0] x [0:BATCH*HEIGHT*WIDTH*CHANNELS-1];
  reg [WEIGHTS_BITS-1:0] weights [0:OUTPUTS*KERNEL_HEIGHT*KERNEL_WIDTH*DEPTH-1];
  reg [BIAS_BITS-1:0] bias [0:OUTPUTS-1];
  reg [15:0] shift [0:OUTPUTS-1];
  reg [Y_BITS-1:0] expected [0:BATCH*ROWS*COLUMNS*OUTPUTS-1];

  reg signed [SUM_BITS-1:0] sum;
  reg signed [15:0] by;
  wire signed [Y_BITS:0] code;
  requantize unit (sum, by, code);

  // A code less its zero point.
  function signed [WEIGHTS_BITS:0] weight(input integer at);
    weight = $signed({WEIGHTS_SIGNED ? weights[at][WEIGHTS_BITS-1] : 1'b0, weights[at]}) - WEIGHTS_ZERO;
  endfunction
  function signed [X_BITS:0] pixel(input integer at);
    pixel = $signed({X_SIGNED ? x[at][X_BITS-1] : 1'b0, x[at]}) - X_ZERO;
  endfunction

  integer sample, n, i, j, o, r, c, k, row, column, element, mismatches;
  reg [8*64-1:0] name;

  initial begin
    mismatches = 0;
    $readmemh("weights.hex", weights);
    $readmemh("shift.hex", shift);
    if (HAS_BIAS) $readmemh("bias.hex", bias);
    for (sample = 0; sample < SAMPLES; sample = sample + 1) begin
      $sformat(name, "sample_%0d/input.hex", sample);
      $readmemh(name, x);
      $sformat(name, "sample_%0d/expected.hex", sample);
      $readmemh(name, expected);
      element = 0;
      for (n = 0; n < BATCH; n = n + 1)
        for (i = 0; i < ROWS; i = i + 1)
          for (j = 0; j < COLUMNS; j = j + 1)
            for (o = 0; o < OUTPUTS; o = o + 1) begin
              sum = HAS_BIAS ? $signed(bias[o]) : 0;
              for (r = 0; r < KERNEL_HEIGHT; r = r + 1) begin
                row = i * STRIDE_ROWS - TOP + r * DILATION_ROWS;
                for (c = 0; c < KERNEL_WIDTH; c = c + 1) begin
                  column = j * STRIDE_COLUMNS - LEFT + c * DILATION_COLUMNS;
                  if (row >= 0 && row < HEIGHT && column >= 0 && column < WIDTH)
                    for (k = 0; k < DEPTH; k = k + 1)
                      sum = sum
                        + pixel(((n * HEIGHT + row) * WIDTH + column) * CHANNELS + o / (OUTPUTS / GROUPS) * DEPTH + k)
                        * weight(((o * KERNEL_HEIGHT + r) * KERNEL_WIDTH + c) * DEPTH + k);
                end
              end
              by = shift[o];
              #1;
              if (code[Y_BITS-1:0] !== expected[element]) begin
                if (mismatches == 0)
                  $display("sample %0d, element %0d: expected %h, got %h", sample, element, expected[element], code[Y_BITS-1:0]);
                mismatches = mismatches + 1;
              end
              element = element + 1;
            end
    end
    $display("%0d samples of %0d elements, %0d mismatches", SAMPLES, element, mismatches);
    $finish;
  end
endmodule
